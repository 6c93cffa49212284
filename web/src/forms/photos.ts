/** <hy-photos>: pictures taken with the camera, made small, shown, taken again or away. */
import { html, nothing, type TemplateResult } from "lit";
import { Control } from "./control";
import { icon, tell } from "./parts";
import { longest, shrunk } from "./pictures";

export class Photos extends Control {
  static override properties = {
    ...Control.properties,
    many: { type: Number },
    kind: {},
    busy: { state: true },
    fault: { state: true },
  };

  /** How many pictures at most. */
  declare many: number;
  declare kind: "image" | "panorama";
  declare busy: boolean;
  declare fault: boolean;

  constructor() {
    super();
    this.many = 1;
    this.kind = "image";
    this.busy = false;
    this.fault = false;
  }

  private tell(ids: string[]): void {
    this.value = this.many > 1 ? ids : (ids[0] ?? null);
    tell(this, this.many > 1 ? (ids.length ? ids : null) : this.value);
  }

  private async take(input: HTMLInputElement, instead: string | null): Promise<void> {
    const chosen = [...(input.files ?? [])];
    input.value = "";
    if (!chosen.length) return;
    this.busy = true;
    this.fault = false;
    try {
      for (const file of chosen.slice(0, instead ? 1 : this.many - this.ids.length)) {
        const id = await this.files.add(await shrunk(file, longest[this.kind]), this.kind);
        if (instead) void this.files.remove(instead);
        this.tell(instead ? this.ids.map((one) => (one === instead ? id : one)) : [...this.ids, id]);
      }
    } catch {
      this.fault = true;
    } finally {
      this.busy = false;
    }
  }

  private async drop(id: string): Promise<void> {
    this.tell(this.ids.filter((one) => one !== id));
    await this.files.remove(id);
    await this.updateComplete;
    this.querySelector<HTMLElement>("input[type=file]")?.focus();
  }

  private input(label: string, key: string, instead: string | null): TemplateResult {
    return html`<input
      type="file"
      id=${key || nothing}
      accept="image/*"
      capture=${this.kind === "image" ? "environment" : nothing}
      ?multiple=${this.many > 1 && !instead}
      aria-label=${label}
      aria-describedby=${this.describedby || nothing}
      aria-invalid=${this.invalid ? "true" : nothing}
      ?disabled=${this.busy}
      @change=${(event: Event) => void this.take(event.target as HTMLInputElement, instead)}
    />`;
  }

  private picture(id: string, place: number): TemplateResult {
    const name = `${this.label} ${this.many > 1 ? place + 1 : ""}`.trim();
    const address = this.address(id);
    const shown = address
      ? html`<img src=${address} alt=${name} />`
      : html`<span class="shot__away">${icon("photo")}<span>${this.waiting(id) ? this.word("photoOpening") : this.word("photoAway")}</span></span>`;
    return html`<li class="shot">
      ${this.kind === "panorama" && address ? html`<div class="shot__wide" tabindex="0" role="group" aria-label=${this.word("panoramaScroll", { name })}>${shown}</div>` : shown}
      <div class="shot__tools">
        <label class="btn btn--secondary shot__again">${icon("refresh")}<span>${this.word("photoAgain")}</span>${this.input(`${this.word("photoAgain")} ${name}`, "", id)}</label>
        <button type="button" class="btn btn--secondary" aria-label=${`${this.word("photoRemove")} ${name}`} @click=${() => void this.drop(id)}>${icon("trash")}<span>${this.word("photoRemove")}</span></button>
      </div>
    </li>`;
  }

  protected override render(): TemplateResult {
    const { ids } = this;
    const take = this.word(this.kind === "panorama" ? "panoramaTake" : ids.length ? "photoMore" : "photoTake");
    return html`
      ${ids.length ? html`<ul class="shots ${this.many > 1 ? "shots--many" : ""}">${ids.map((id, place) => this.picture(id, place))}</ul>` : nothing}
      ${ids.length < this.many ? html`<label class="upload__zone shot__zone ${this.invalid ? "is-wrong" : ""}">${icon("camera", "icon--large")}<span>${take}</span>${this.input(`${take} ${this.label}`, this.key, null)}</label>` : nothing}
      <p class="fill__state" role="status">${this.busy ? html`<span class="spinner spinner--on"></span> ${this.word("photoBusy")}` : nothing}</p>
      ${this.fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${this.word("photoFault")}</span></p>` : nothing}
    `;
  }
}

customElements.define("hy-photos", Photos);
