/** <hy-position>: where the phone stands, with how far it may be off; it gets better while one waits. */
import { html, nothing, type TemplateResult } from "lit";
import { Control } from "./control";
import { icon, tell } from "./parts";
import type { Fix, Place } from "./types";

const goodEnough = 10; // metres
const fair = 30;
const longestWait = 30_000;

/** The device's own sense of place. */
export const devicePlace: Place = {
  watch(seen, failed) {
    if (!("geolocation" in navigator)) {
      failed("none");
      return () => undefined;
    }
    const watch = navigator.geolocation.watchPosition(
      ({ coords }) => seen({ lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy }),
      (fault) => failed(fault.code === fault.PERMISSION_DENIED ? "refused" : "none"),
      { enableHighAccuracy: true, maximumAge: 0, timeout: longestWait },
    );
    return () => navigator.geolocation.clearWatch(watch);
  },
};

export class Position extends Control {
  static override properties = { ...Control.properties, place: { attribute: false }, seeking: { state: true }, fault: { state: true } };

  declare place: Place;
  declare seeking: boolean;
  declare fault: "" | "refused" | "none";
  private leave: (() => void) | null = null;

  constructor() {
    super();
    this.place = devicePlace;
    this.seeking = false;
    this.fault = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.settle();
  }

  private seek(): void {
    this.settle();
    this.fault = "";
    this.seeking = true;
    let best: Fix | null = null;
    const late = window.setTimeout(() => this.settle(), longestWait);
    const leave = this.place.watch(
      (fix) => {
        if (best && fix.accuracy > best.accuracy) return;
        best = fix;
        this.value = [Number(fix.lon.toFixed(7)), Number(fix.lat.toFixed(7)), Math.round(fix.accuracy)];
        tell(this, this.value);
        if (fix.accuracy <= goodEnough) this.settle();
      },
      (why) => {
        if (!best) this.fault = why;
        this.settle();
      },
    );
    this.leave = () => {
      window.clearTimeout(late);
      leave();
    };
    if (!this.seeking) this.settle(); // it was told at once
  }

  private settle(): void {
    this.seeking = false;
    this.leave?.();
    this.leave = null;
  }

  private found(value: number[]): TemplateResult {
    const [lon = 0, lat = 0, accuracy] = value;
    const grade = accuracy === undefined ? "" : accuracy <= goodEnough ? "placeGood" : accuracy <= fair ? "placeFair" : "placePoor";
    return html`<p class="spot">
      ${icon("pin", "icon--large")}
      <span><strong>${lat.toFixed(5)}, ${lon.toFixed(5)}</strong>${accuracy === undefined ? nothing : html`<span class="spot__grade">${this.word("placeWithin", { metres: accuracy })} · ${this.word(grade)}</span>`}</span>
    </p>`;
  }

  protected override render(): TemplateResult {
    const value = Array.isArray(this.value) ? (this.value as number[]) : null;
    return html`<div role="status">${value ? this.found(value) : nothing}${this.seeking ? html`<p class="fill__state"><span class="spinner spinner--on"></span> ${this.word(value ? "placeBetter" : "placeSeeking")}</p>` : nothing}</div>
      <button
        type="button"
        id=${this.key}
        class="btn btn--secondary btn--large btn--wide ${this.invalid ? "is-wrong" : ""}"
        aria-describedby=${this.describedby || nothing}
        @click=${() => (this.seeking ? this.settle() : this.seek())}
      >
        ${icon(this.seeking ? "check" : value ? "refresh" : "pin")}<span>${this.word(this.seeking ? (value ? "placeTake" : "placeStop") : value ? "placeAgain" : "placeGet")}</span>
      </button>
      ${this.fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${this.word(this.fault === "refused" ? "placeRefused" : "placeNone")}</span></p>` : nothing}`;
  }
}

customElements.define("hy-position", Position);
