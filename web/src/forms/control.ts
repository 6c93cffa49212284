/** What the larger controls of a form have in common: they stand in the page's own styles and show files by their ids. */
import { LitElement, type PropertyValues } from "lit";
import { worded } from "./parts";
import type { Files, Words } from "./types";

export class Control extends LitElement {
  static override properties = {
    value: { attribute: false },
    words: { attribute: false },
    files: { attribute: false },
    label: {},
    describedby: {},
    invalid: { type: Boolean },
    key: {},
  };

  declare value: unknown;
  declare words: Words;
  declare files: Files;
  /** The question's words, for the names of the controls. */
  declare label: string;
  declare describedby: string;
  declare invalid: boolean;
  /** The id the question's label points to. */
  declare key: string;

  /** Addresses of shown files; "" is one that is not on this device. */
  protected addresses = new Map<string, string>();

  constructor() {
    super();
    this.value = null;
    this.words = {};
    this.label = "";
    this.describedby = "";
    this.invalid = false;
    this.key = "";
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected word(key: string, values: Record<string, string | number> = {}): string {
    return worded(this.words, key, values);
  }

  /** The ids of files in the answer. */
  protected get ids(): string[] {
    if (Array.isArray(this.value)) return this.value as string[];
    return typeof this.value === "string" && this.value ? [this.value] : [];
  }

  protected override willUpdate(_changed: PropertyValues): void {
    for (const id of this.ids) if (!this.addresses.has(id)) void this.fetch(id);
  }

  private async fetch(id: string): Promise<void> {
    this.addresses.set(id, "…");
    this.addresses.set(id, await this.files.url(id).catch(() => ""));
    this.requestUpdate();
  }

  protected address(id: string): string {
    const known = this.addresses.get(id) ?? "";
    return known === "…" ? "" : known;
  }

  protected waiting(id: string): boolean {
    return this.addresses.get(id) === "…";
  }
}
