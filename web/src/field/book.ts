/** The records in memory, by kind, opened when first asked for. */
import type { Store } from "./store";
import type { Sent } from "./types";

export class Book {
  private shelves = new Map<string, Map<string, Sent>>();
  private loading = new Map<string, Promise<void>>();

  constructor(
    private readonly store: Store,
    private readonly ready: () => void,
  ) {}

  /** All of a kind; null while they are being opened, after which the screen is drawn again. */
  of(kind: string): Sent[] | null {
    const shelf = this.shelves.get(kind);
    if (shelf) return [...shelf.values()];
    void this.load(kind).then(this.ready, () => undefined);
    return null;
  }

  one(kind: string, id: string): Sent | null {
    const shelf = this.shelves.get(kind);
    if (!shelf) this.of(kind);
    return shelf?.get(id) ?? null;
  }

  load(kind: string): Promise<void> {
    let under = this.loading.get(kind);
    if (!under) {
      under = this.store.recordsOf(kind).then((records) => {
        if (this.loading.get(kind) !== under) return;
        this.shelves.set(kind, new Map(records.map((record) => [record.id, record])));
        this.loading.delete(kind);
      });
      this.loading.set(kind, under);
    }
    return under;
  }

  /** One page of changes, as it was just stored. */
  apply(change: { clear: boolean; put: readonly Sent[]; drop: readonly string[] }): void {
    if (change.clear) for (const shelf of this.shelves.values()) shelf.clear();
    for (const key of change.drop) {
      const cut = key.indexOf(":");
      const shelf = this.shelves.get(key.slice(0, cut));
      if (key.endsWith(":*")) shelf?.clear();
      else shelf?.delete(key.slice(cut + 1));
    }
    for (const record of change.put) this.shelves.get(record.k)?.set(record.id, record);
    // What is being opened right now was read before this page: read it again.
    for (const kind of [...this.loading.keys()]) {
      this.loading.delete(kind);
      void this.load(kind).then(this.ready, () => undefined);
    }
  }

  forget(): void {
    this.shelves = new Map();
    this.loading = new Map();
  }
}
