/** <hy-code>: a bar code or QR code, scanned or typed. */
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { Control } from "./control";
import { icon, tell } from "./parts";

export class Code extends Control {
  static override properties = { ...Control.properties, scanning: { state: true }, fault: { state: true } };

  declare scanning: boolean;
  declare fault: boolean;
  private stop: AbortController | null = null;

  constructor() {
    super();
    this.scanning = false;
    this.fault = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.abort();
  }

  private set(code: string): void {
    this.value = code || null;
    tell(this, this.value);
  }

  private async start(): Promise<void> {
    this.fault = false;
    this.scanning = true;
    await this.updateComplete;
    const dialog = this.querySelector("dialog");
    const video = this.querySelector("video");
    if (!dialog || !video) return;
    dialog.showModal();
    this.stop = new AbortController();
    try {
      const { scan } = await import("./scanning");
      const code = await scan(video, this.stop.signal);
      if (code) {
        this.set(code);
        navigator.vibrate?.(60);
      }
    } catch {
      this.fault = true;
    } finally {
      dialog.close();
      this.scanning = false;
      await this.updateComplete;
      this.querySelector<HTMLElement>("button")?.focus();
    }
  }

  protected override render(): TemplateResult {
    return html`<div class="code">
        <input
          type="text"
          id=${this.key}
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          maxlength="500"
          .value=${live(String(this.value ?? ""))}
          aria-describedby=${this.describedby || nothing}
          aria-invalid=${this.invalid ? "true" : nothing}
          @input=${(event: Event) => this.set((event.target as HTMLInputElement).value.trim())}
        />
        <button type="button" class="btn btn--secondary" @click=${() => void this.start()}>${icon("scan")}<span>${this.word("codeScan")}</span></button>
      </div>
      ${this.scanning
        ? html`<dialog class="scanner" aria-label=${this.word("codeScan")} @cancel=${() => this.stop?.abort()}>
            <video class="scanner__view" playsinline muted></video>
            <p class="scanner__hint">${this.word("codeHint")}</p>
            <button type="button" class="btn btn--secondary btn--large btn--wide" @click=${() => this.stop?.abort()}>${this.word("codeCancel")}</button>
          </dialog>`
        : nothing}
      ${this.fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${this.word("codeNone")}</span></p>` : nothing}`;
  }
}

customElements.define("hy-code", Code);
