/** <hy-voice>: a spoken note, recorded, heard and taken away. */
import { html, nothing, type TemplateResult } from "lit";
import { Control } from "./control";
import { clock, icon, tell } from "./parts";

const shapes = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
/** Lengths in seconds of what was recorded here; other sounds say their own. */
const lengths = new Map<string, number>();

export class Voice extends Control {
  static override properties = { ...Control.properties, seconds: { state: true }, fault: { state: true }, most: { type: Number } };

  /** Seconds recorded so far; null while nothing is recorded. */
  declare seconds: number | null;
  declare fault: "" | "refused" | "none";
  /** Longest note in seconds. */
  declare most: number;
  private recorder: MediaRecorder | null = null;

  constructor() {
    super();
    this.seconds = null;
    this.fault = "";
    this.most = 120;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  private async start(): Promise<void> {
    this.fault = "";
    if (typeof MediaRecorder === "undefined" || !navigator.mediaDevices) {
      this.fault = "none";
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.record(stream);
    } catch (fault) {
      this.fault = (fault as DOMException).name === "NotFoundError" ? "none" : "refused";
    }
  }

  private record(stream: MediaStream): void {
    const type = shapes.find((shape) => MediaRecorder.isTypeSupported(shape));
    const recorder = new MediaRecorder(stream, { ...(type ? { mimeType: type } : {}), audioBitsPerSecond: 24_000 });
    const parts: Blob[] = [];
    const begun = performance.now();
    const tick = window.setInterval(() => {
      this.seconds = (performance.now() - begun) / 1000;
      if (this.seconds >= this.most) this.stop();
    }, 250);
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      window.clearInterval(tick);
      for (const track of stream.getTracks()) track.stop();
      this.recorder = null;
      this.seconds = null;
      void this.keep(new Blob(parts, { type: recorder.mimeType.split(";")[0] }), (performance.now() - begun) / 1000);
    });
    this.recorder = recorder;
    this.seconds = 0;
    recorder.start(1000);
  }

  private stop(): void {
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  private async keep(blob: Blob, seconds: number): Promise<void> {
    if (!blob.size) return;
    const [before] = this.ids;
    const id = await this.files.add(blob, "audio");
    lengths.set(id, seconds);
    if (before) void this.files.remove(before);
    this.value = id;
    tell(this, id);
  }

  private async drop(): Promise<void> {
    const [id] = this.ids;
    this.value = null;
    tell(this, null);
    if (id) await this.files.remove(id);
    await this.updateComplete;
    this.querySelector<HTMLElement>("button")?.focus();
  }

  private recorded(id: string): TemplateResult {
    const address = this.address(id);
    const length = lengths.get(id);
    return html`<div class="voice">
      ${address ? html`<audio controls preload="metadata" src=${address} aria-label=${this.label}></audio>` : html`<span class="muted">${icon("speaker")} ${this.word("photoAway")}</span>`}
      ${length === undefined ? nothing : html`<span class="voice__length">${icon("clock", "icon--small")} ${clock(length)}</span>`}
      <button type="button" class="btn btn--secondary" @click=${() => void this.drop()}>${icon("trash")}<span>${this.word("voiceRemove")}</span></button>
    </div>`;
  }

  protected override render(): TemplateResult {
    const [id] = this.ids;
    const recording = this.seconds !== null;
    const button = recording
      ? html`<button type="button" class="btn btn--primary btn--large btn--wide voice__stop" @click=${() => this.stop()}>${icon("square")}<span>${this.word("voiceStop", { time: clock(this.seconds ?? 0) })}</span></button>`
      : html`<button type="button" id=${this.key} class="btn btn--secondary btn--large btn--wide ${this.invalid ? "is-wrong" : ""}" aria-describedby=${this.describedby || nothing} @click=${() => void this.start()}>${icon("microphone")}<span>${this.word("voiceStart")}</span></button>`;
    return html`${id ? this.recorded(id) : button}
      ${this.fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${this.word(this.fault === "refused" ? "voiceRefused" : "voiceNone")}</span></p>` : nothing}`;
  }
}

customElements.define("hy-voice", Voice);
