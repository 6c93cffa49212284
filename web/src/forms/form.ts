/** <hy-form>: a form to be filled in, one page for each of its groups on a phone, as a whole list on a wide screen.
    Properties: definition, answers, language, files, place, words. Events: "change" {answers, errors}, "finish" {answers}. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { answered, begin, every, findingsKey, index, type Node, overlaid, type Survey, survey, withoutRow, withRow } from "./answers";
import type { Fault } from "./checks";
import "./code";
import { type Desk, faultText, idOf, say, told } from "./desk";
import { type Page, pageOf, pagesOf, type Tally, tally } from "./pages";
import { icon, spoken } from "./parts";
import "./photos";
import "./position";
import { drawAll } from "./question";
import "./signature";
import type { Answers, Definition, Files, FindingAnswer, Item, Place, Value, Words } from "./types";
import "./voice";

const quiet = 400; // milliseconds without a new answer before it is told
const roomy = 704; // CSS pixels in which contents stand beside the list
const empty: Definition = { code: "", version: "", title: {}, items: [] };
let forms = 0;

export class Form extends LitElement {
  static override properties = {
    definition: { attribute: false },
    answers: { attribute: false },
    files: { attribute: false },
    place: { attribute: false },
    words: { type: Object, attribute: "data-words" },
    language: {},
    layout: {},
    now: {},
    page: { state: true },
    wide: { state: true },
    contents: { state: true },
    said: { state: true },
  };

  declare definition: Definition;
  declare answers: Answers;
  declare files: Files;
  declare place: Place | undefined;
  declare words: Words;
  declare language: string;
  /** "pages", "list", or "" to follow the room there is. */
  declare layout: string;
  /** ISO moment the form takes for now; "" is the clock's. */
  declare now: string;
  declare page: number;
  declare wide: boolean;
  declare contents: boolean;
  /** What the form says aloud. */
  declare said: string;

  private readonly own = `form${++forms}`;
  private given: Answers = {};
  private sent: Answers | null = null;
  private survey: Survey = { nodes: [], answers: {}, faults: {}, live: {} };
  private items = new Map<string, Item>();
  private touched = new Set<string>();
  private left = new Set<string>();
  private all = false;
  private timer = 0;
  private readonly room = new ResizeObserver(() => (this.wide = this.offsetWidth >= roomy));
  private readonly leave = (): void => this.flush();

  constructor() {
    super();
    this.definition = empty;
    this.answers = {};
    this.words = {};
    this.language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
    this.layout = "";
    this.now = "";
    this.page = 0;
    this.wide = false;
    this.contents = false;
    this.said = "";
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.wide = this.offsetWidth >= roomy;
    this.room.observe(this);
    window.addEventListener("pagehide", this.leave);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.room.disconnect();
    window.removeEventListener("pagehide", this.leave);
    this.flush();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const given = changed.has("answers") && this.answers !== this.sent;
    if (!changed.has("definition") && !given) return;
    if (changed.has("definition")) this.items = index(this.definition.items);
    const before = changed.get("definition") as Definition | undefined;
    if (!given && before && before.code === this.definition.code && before.version === this.definition.version) return this.settle(); // the same form, read again
    if (changed.has("definition")) this.page = 0;
    this.touched.clear();
    this.left.clear();
    this.all = false;
    this.given = begin(this.definition.items, this.answers ?? {});
    this.settle();
  }

  /** Everything that follows from the answers given. */
  private settle(): void {
    this.survey = survey(this.definition, this.given, { now: this.now || new Date().toISOString() });
    this.given = overlaid(this.given, this.survey.nodes);
  }

  private keep(given: Answers): void {
    this.given = given;
    this.settle();
    this.requestUpdate();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.flush(), quiet);
  }

  /** Tell a change that is still waiting at once. */
  flush(): void {
    if (!this.timer) return;
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.sent = this.survey.answers;
    this.dispatchEvent(new CustomEvent("change", { detail: { answers: this.survey.answers, errors: this.errors() }, bubbles: true }));
  }

  /** What is wrong, in words, by instance path; also what is not shown yet. */
  errors(): Record<string, string> {
    const nodes = new Map([...every(this.survey.nodes)].map((node) => [node.at, node]));
    return Object.fromEntries(Object.entries(this.survey.faults).map(([at, fault]) => [at, faultText(this.desk, fault, nodes.get(at.split("#")[0] as string) as Node)]));
  }

  /** The first thing that is wrong, in the order of the form. */
  firstError(): string | null {
    return this.pages.flatMap((page) => tally(page, this.survey).faults)[0] ?? null;
  }

  /** Show everything that is wrong and go to the first; whether nothing is. */
  check(): boolean {
    this.all = true;
    this.requestUpdate();
    const first = this.firstError();
    if (first === null) return true;
    this.said = say(this.desk, "faultsLeft", { count: Object.keys(this.survey.faults).length });
    if (!this.whole) this.page = Math.max(0, pageOf(this.pages, first));
    void this.updateComplete.then(() => this.focusAt(first));
    return false;
  }

  private focusAt(at: string): void {
    const frame = [...this.querySelectorAll<HTMLElement>("[data-at]")].find((one) => one.dataset.at === at);
    const control = frame?.querySelector<HTMLElement>("input:checked, input, select, textarea, button");
    control?.focus({ preventScroll: true });
    frame?.scrollIntoView({ block: "center" });
  }

  private get whole(): boolean {
    return this.layout === "list" || (this.layout !== "pages" && this.wide);
  }

  private get pages(): Page[] {
    return pagesOf(this.survey);
  }

  private get desk(): Desk {
    return {
      id: this.own,
      definition: this.definition,
      survey: this.survey,
      words: this.words,
      language: this.language,
      files: this.files,
      place: this.place,
      answer: (node, value, done) => this.answer(node, value, done),
      decide: (node, part) => this.decide(node, part),
      add: (node) => this.addRow(node),
      remove: (node, row) => this.removeRow(node, row),
      shown: (at) => this.shown(at),
      item: (path) => this.items.get(path),
    };
  }

  private answer(node: Node, value: Value, done: boolean): void {
    if (done) this.touched.add(node.at);
    const failed = node.failed;
    this.keep(answered(this.given, node.steps, value ?? null) as Answers);
    const now = [...every(this.survey.nodes)].find((one) => one.at === node.at);
    if (now?.failed && !failed) this.said = say(this.desk, "findingOpened");
  }

  private decide(node: Node, part: Partial<FindingAnswer>): void {
    for (const name of Object.keys(part)) this.touched.add(`${node.at}#${name}`);
    const all = (this.given[findingsKey] ?? {}) as unknown as Record<string, FindingAnswer>;
    this.keep({ ...this.given, [findingsKey]: { ...all, [node.at]: { ...all[node.at], ...part } } as unknown as Value });
  }

  private addRow(node: Node): void {
    this.keep(withRow(this.given, node));
    const at = `${node.at}/${node.rows.length}/`;
    void this.updateComplete.then(() => {
      const first = [...this.querySelectorAll<HTMLElement>("[data-at]")].find((one) => one.dataset.at?.startsWith(at));
      if (first?.dataset.at) this.focusAt(first.dataset.at);
    });
  }

  private removeRow(node: Node, row: number): void {
    this.touched.clear();
    this.keep(withoutRow(this.given, node, row));
    this.said = say(this.desk, "rowRemoved", { name: `${told(this.desk, node.item.label, node)} ${row + 1}` });
    void this.updateComplete.then(() => document.getElementById(idOf(this.desk, node.at))?.focus());
  }

  /** What is missing is said once a page was left; what is wrong, once the question was. */
  private shown(at: string): Fault | null {
    const fault = this.survey.faults[at];
    if (!fault) return null;
    const pages = this.left.size ? this.pages[pageOf(this.pages, at)]?.key : undefined;
    if (this.all || (pages !== undefined && this.left.has(pages))) return fault;
    return this.touched.has(at) ? fault : null;
  }

  private go(to: number): void {
    const pages = this.pages;
    const from = pages[this.page];
    if (from && to > this.page) this.left.add(from.key);
    this.page = Math.max(0, Math.min(pages.length - 1, to));
    this.contents = false;
    this.said = "";
    void this.updateComplete.then(() => {
      this.querySelector<HTMLElement>(".fill__title")?.focus({ preventScroll: true });
      this.scrollIntoView({ block: "start" });
    });
  }

  private jump(to: number): void {
    if (!this.whole) return this.go(to);
    const section = this.querySelectorAll<HTMLElement>(".fill__page")[to];
    section?.querySelector<HTMLElement>(".fill__title")?.focus({ preventScroll: true });
    section?.scrollIntoView({ block: "start" });
  }

  private finish(): void {
    if (!this.check()) return;
    this.timer ||= 1;
    this.flush();
    this.dispatchEvent(new CustomEvent("finish", { detail: { answers: this.survey.answers }, bubbles: true }));
  }

  private titleOf(page: Page): string {
    return (page.head && told(this.desk, page.head.item.label, page.head)) || spoken(this.definition.title, this.language);
  }

  private mark(count: Tally, page: Page): TemplateResult | typeof nothing {
    const open = count.faults.length;
    const shown = this.all || this.left.has(page.key);
    return html`${count.failed ? html`<span class="fill__mark">${icon("flag", "icon--small")}${say(this.desk, "pageFailed", { count: count.failed })}</span>` : nothing}
    ${open && shown ? html`<span class="fill__mark fill__mark--open">${icon("error", "icon--small")}${say(this.desk, "pageOpen", { count: open })}</span>` : nothing}
    ${!open && count.answered ? html`<span class="fill__mark">${icon("check", "icon--small")}<span class="sr-only">${say(this.desk, "pageDone")}</span></span>` : nothing}`;
  }

  private index(pages: Page[]): TemplateResult {
    return html`<ol class="fill__index">
      ${pages.map((page, place) => {
        const count = tally(page, this.survey);
        return html`<li>
          <button type="button" class="fill__jump" aria-current=${!this.whole && place === this.page ? "step" : nothing} @click=${() => this.jump(place)}>
            <span class="fill__count">${place + 1}</span><span class="fill__name">${this.titleOf(page)}</span>
            <span class="fill__share">${count.asked ? `${count.answered}/${count.asked}` : ""}</span>${this.mark(count, page)}
          </button>
        </li>`;
      })}
    </ol>`;
  }

  private section(page: Page): TemplateResult {
    const id = `${idOf(this.desk, page.key)}-title`;
    const hint = page.head?.item.type === "group" ? told(this.desk, page.head.item.hint, page.head) : "";
    return html`<section class="fill__page" aria-labelledby=${id}>
      <h2 class="fill__title" id=${id} tabindex="-1">${this.titleOf(page)}</h2>
      ${hint ? html`<p class="muted">${hint}</p>` : nothing} ${drawAll(this.desk, page.nodes)}
    </section>`;
  }

  private finishButton(): TemplateResult {
    return html`<button type="button" class="btn btn--primary btn--large fill__next" @click=${() => this.finish()}>${icon("check")}<span>${say(this.desk, "finish")}</span></button>`;
  }

  private paged(pages: Page[]): TemplateResult {
    const at = Math.min(this.page, pages.length - 1);
    const page = pages[at] as Page;
    const several = pages.length > 1;
    const progress = say(this.desk, "progress", { at: at + 1, all: pages.length });
    return html`
      ${several
        ? html`<div class="fill__head">
              <button type="button" class="fill__where" aria-expanded=${this.contents ? "true" : "false"} @click=${() => (this.contents = !this.contents)}>
                <span class="fill__step" aria-label=${progress}>${at + 1}/${pages.length}</span><span class="fill__at">${this.titleOf(page)}</span>${icon(this.contents ? "up" : "down")}
              </button>
              <progress class="fill__progress" max=${pages.length} value=${at + 1} aria-label=${progress}></progress>
            </div>
            ${this.contents ? html`<nav class="fill__drawer" aria-label=${say(this.desk, "contents")}>${this.index(pages)}</nav>` : nothing}`
        : nothing}
      ${this.section(page)}
      <div class="fill__foot">
        ${at > 0 ? html`<button type="button" class="btn btn--secondary btn--large fill__back" @click=${() => this.go(at - 1)}>${icon("left")}<span>${say(this.desk, "back")}</span></button>` : nothing}
        ${at < pages.length - 1 ? html`<button type="button" class="btn btn--primary btn--large fill__next" @click=${() => this.go(at + 1)}><span>${say(this.desk, "next")}</span>${icon("right")}</button>` : this.finishButton()}
      </div>
    `;
  }

  private listed(pages: Page[]): TemplateResult {
    return html`<div class="fill__wide">
      ${pages.length > 1 ? html`<nav class="fill__side" aria-label=${say(this.desk, "contents")}>${this.index(pages)}</nav>` : nothing}
      <div class="fill__sheet">
        ${pages.map((page) => this.section(page))}
        <div class="fill__end">${this.finishButton()}</div>
      </div>
    </div>`;
  }

  protected override render(): TemplateResult {
    const pages = this.pages;
    const stop = (event: Event): void => event.stopPropagation(); // only our own events leave the form
    return html`<div class="fill ${this.whole ? "fill--list" : "fill--pages"}" @change=${stop} @input=${stop}>
      <p class="sr-only" role="status" aria-live="polite">${this.said}</p>
      ${pages.length ? (this.whole ? this.listed(pages) : this.paged(pages)) : html`<p class="muted">${say(this.desk, "nothingAsked")}</p>`}
    </div>`;
  }
}

customElements.define("hy-form", Form);

declare global {
  interface HTMLElementTagNameMap {
    "hy-form": Form;
  }
}
