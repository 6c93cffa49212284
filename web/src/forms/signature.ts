/** <hy-signature>: a name written with the finger, or typed by who cannot write on glass. Kept after every stroke. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Control } from "./control";
import { icon, tell } from "./parts";

const ratio = 2.4;

export class Signature extends Control {
  static override properties = { ...Control.properties, typing: { state: true }, drawn: { state: true } };

  declare typing: boolean;
  /** Whether the canvas holds the answer: it was written here and now. */
  declare drawn: boolean;
  private saving: Promise<void> = Promise.resolve();
  private strokes = 0;
  private kept = 0;
  private last: [number, number] | null = null;

  constructor() {
    super();
    this.typing = false;
    this.drawn = false;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!this.drawn) super.willUpdate(changed);
  }

  private get canvas(): HTMLCanvasElement | null {
    return this.querySelector("canvas");
  }

  /** The paper, as fine as the screen, emptied. */
  private paper(): CanvasRenderingContext2D | null {
    const { canvas } = this;
    const pen = canvas?.getContext("2d");
    if (!canvas || !pen) return null;
    const fine = Math.min(3, Math.max(1, window.devicePixelRatio));
    const width = Math.round((canvas.clientWidth || 320) * fine);
    if (canvas.width !== width || !this.strokes) {
      canvas.width = width;
      canvas.height = Math.round(width / ratio);
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
    }
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.strokeStyle = "#16150f";
    pen.lineWidth = 3 * fine;
    return pen;
  }

  private point(event: PointerEvent): [number, number] {
    const canvas = this.canvas as HTMLCanvasElement;
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  }

  private down(event: PointerEvent): void {
    if (!event.isPrimary || !this.paper()) return;
    event.preventDefault();
    this.canvas?.setPointerCapture(event.pointerId);
    this.strokes += 1;
    this.drawn = true;
    this.last = this.point(event);
    this.stroke(this.last);
  }

  private move(event: PointerEvent): void {
    if (!this.last) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) this.stroke(this.point(one));
    this.stroke(this.point(event));
  }

  private stroke(to: [number, number]): void {
    const pen = this.canvas?.getContext("2d");
    if (!pen || !this.last) return;
    pen.beginPath();
    pen.moveTo(...this.last);
    pen.lineTo(...to);
    pen.stroke();
    this.last = to;
  }

  private up(): void {
    if (!this.last) return;
    this.last = null;
    this.save();
  }

  /** Strokes come quicker than files are kept: those made meanwhile are kept together. */
  private save(): void {
    const stroke = this.strokes;
    this.saving = this.saving.then(async () => {
      if (this.kept >= this.strokes || stroke < this.kept || !this.canvas) return;
      this.kept = this.strokes;
      const blob = await new Promise<Blob | null>((resolve) => this.canvas?.toBlob(resolve, "image/png"));
      if (blob) await this.keep(blob);
    });
  }

  private async keep(blob: Blob): Promise<void> {
    const [before] = this.ids;
    const id = await this.files.add(blob, "signature");
    if (!this.strokes) return void this.files.remove(id); // wiped while it was being kept
    if (before) void this.files.remove(before);
    this.value = id;
    tell(this, id);
  }

  private async clear(): Promise<void> {
    const [before] = this.ids;
    this.strokes = 0;
    this.kept = 0;
    this.drawn = false;
    this.value = null;
    tell(this, null);
    await this.updateComplete;
    this.paper();
    if (before) await this.files.remove(before);
  }

  private async type(name: string): Promise<void> {
    if (!name.trim()) return void this.clear();
    this.strokes = 0;
    const pen = this.paper();
    if (!pen) return;
    this.strokes += 1;
    this.kept = 0;
    this.drawn = true;
    const { width, height } = pen.canvas;
    pen.fillStyle = "#16150f";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `${Math.min(height * 0.5, (width * 0.9) / Math.max(2, [...name.trim()].length))}px serif`;
    pen.fillText(name.trim(), width / 2, height / 2);
    this.save();
  }

  private canvasOrPicture(): TemplateResult {
    const [id] = this.ids;
    if (id && !this.drawn) {
      const address = this.address(id);
      return html`<div class="sign__paper">${address ? html`<img src=${address} alt=${this.label} />` : html`<span class="shot__away">${icon("check-circle")}<span>${this.waiting(id) ? this.word("photoOpening") : this.word("photoAway")}</span></span>`}</div>`;
    }
    return html`<div class="sign__paper ${this.invalid ? "is-wrong" : ""}">
      <canvas
        role="img"
        aria-label=${this.word(this.drawn ? "signDone" : "signHere")}
        @pointerdown=${(event: PointerEvent) => this.down(event)}
        @pointermove=${(event: PointerEvent) => this.move(event)}
        @pointerup=${() => this.up()}
        @pointercancel=${() => this.up()}
      ></canvas>
      ${this.drawn ? nothing : html`<span class="sign__hint" aria-hidden="true">${this.word("signHere")}</span>`}
    </div>`;
  }

  protected override render(): TemplateResult {
    return html`${this.canvasOrPicture()}
      <div class="field__row">
        <button type="button" class="btn btn--secondary" ?disabled=${!this.ids.length && !this.drawn} @click=${() => void this.clear()}>${icon("undo")}<span>${this.word("signClear")}</span></button>
        <button type="button" class="btn btn--quiet" id=${this.key} aria-expanded=${this.typing ? "true" : "false"} aria-describedby=${this.describedby || nothing} @click=${() => (this.typing = !this.typing)}>${icon("keyboard")}<span>${this.word("signType")}</span></button>
      </div>
      ${this.typing ? html`<input type="text" maxlength="20" autocomplete="off" aria-label=${this.word("signName")} placeholder=${this.word("signName")} @input=${(event: Event) => void this.type((event.target as HTMLInputElement).value)} />` : nothing}`;
  }

  protected override updated(): void {
    if (!this.strokes && this.canvas) this.paper();
  }
}

customElements.define("hy-signature", Signature);
