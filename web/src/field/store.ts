/** Everything the phone keeps, in IndexedDB. What one press of a button changes is one transaction, so a crash never
    leaves half of it. Whatever may tell of people is sealed before it is written: sealing waits, and a transaction
    does not, so sealing always comes first. */
import { type DBSchema, type IDBPDatabase, deleteDB, openDB } from "idb";
import type { Draft, Operation, Row, Sent, Upload } from "./types";
import { type Lock, type Sealed, openBytes, seal, sealBytes, unseal } from "./vault";

const NAME = "huying-field";
/** Kinds that tell of nobody, kept as they are. All others are sealed. */
const OPEN_KINDS = new Set(["place", "form", "fields", "catalogue", "checkpoint"]);

interface KeptRecord {
  key: string;
  k: string;
  id: string;
  v: number;
  b?: Sent["b"];
  sealed?: Sealed;
}

type KeptRow = Pick<Row, "id" | "seq" | "state"> & { sealed: Sealed };
type KeptDraft = Pick<Draft, "id" | "at"> & { sealed: Sealed };

interface Shelves extends DBSchema {
  records: { key: string; value: KeptRecord; indexes: { kind: string } };
  operations: { key: string; value: KeptRow; indexes: { seq: number } };
  uploads: { key: string; value: Upload };
  blobs: { key: string; value: { id: string; sealed: Sealed } };
  drafts: { key: string; value: KeptDraft };
  meta: { key: string; value: unknown };
}

/** What goes with a new operation: its draft, the operation it stands for, and whether the server is to strike that one. */
export interface Gone {
  draft?: string;
  operation?: string;
  strike?: boolean;
}

export interface NewOperation extends Omit<Operation, "seq"> {
  title: string;
  definition?: Row["definition"];
}

const together = <T, R>(values: readonly T[], act: (value: T) => Promise<R>): Promise<R[]> => Promise.all(values.map(act));

export class Store {
  private key: CryptoKey | null = null;

  private constructor(private readonly base: IDBPDatabase<Shelves>) {}

  static async open(onBlocked: () => void = () => undefined): Promise<Store> {
    const base = await openDB<Shelves>(NAME, 1, {
      upgrade(made) {
        made.createObjectStore("records", { keyPath: "key" }).createIndex("kind", "k");
        made.createObjectStore("operations", { keyPath: "id" }).createIndex("seq", "seq");
        for (const name of ["uploads", "blobs", "drafts"] as const) made.createObjectStore(name, { keyPath: "id" });
        made.createObjectStore("meta");
      },
      blocking: onBlocked,
    });
    return new Store(base);
  }

  unlock(key: CryptoKey): void {
    this.key = key;
  }

  lock(): void {
    this.key = null;
  }

  get locked(): boolean {
    return this.key === null;
  }

  private get secret(): CryptoKey {
    if (!this.key) throw new Error("locked");
    return this.key;
  }

  // --- meta ---

  async meta<T>(name: string): Promise<T | undefined> {
    return (await this.base.get("meta", name)) as T | undefined;
  }

  async setMeta(name: string, value: unknown): Promise<void> {
    await this.base.put("meta", value, name);
  }

  /** Something of meta only an open lock may read, such as the token of the device. */
  async secretMeta<T>(name: string): Promise<T | undefined> {
    const sealed = await this.meta<Sealed>(name);
    return sealed && unseal<T>(this.secret, `meta:${name}`, sealed);
  }

  async setSecretMeta(name: string, value: unknown): Promise<void> {
    await this.setMeta(name, await seal(this.secret, `meta:${name}`, value));
  }

  lockKept = (): Promise<Lock | undefined> => this.meta<Lock>("lock");

  // --- records ---

  private async keep(record: Sent): Promise<KeptRecord> {
    const key = `${record.k}:${record.id}`;
    const bare = { key, k: record.k, id: record.id, v: record.v };
    return OPEN_KINDS.has(record.k) ? { ...bare, b: record.b } : { ...bare, sealed: await seal(this.secret, key, record.b) };
  }

  /** One page of changes and the cursor after it, together: after a crash the page is asked for again or is there. */
  async takePage(clear: boolean, put: readonly Sent[], drop: readonly string[], cursor: string): Promise<void> {
    const kept = await together(put, (record) => this.keep(record));
    const change = this.base.transaction(["records", "meta"], "readwrite", { durability: "strict" });
    const records = change.objectStore("records");
    if (clear) void records.clear();
    for (const key of drop) {
      if (!key.endsWith(":*")) void records.delete(key);
      else for (const one of await records.index("kind").getAllKeys(key.slice(0, -2))) void records.delete(one);
    }
    for (const record of kept) void records.put(record);
    void change.objectStore("meta").put(cursor, "cursor");
    await change.done;
  }

  async recordsOf(kind: string): Promise<Sent[]> {
    const kept = await this.base.getAllFromIndex("records", "kind", kind);
    return together(kept, async ({ key, k, id, v, b, sealed }) => ({ k, id, v, b: b ?? (sealed ? await unseal<Sent["b"]>(this.secret, key, sealed) : {}) }));
  }

  countRecords = (): Promise<number> => this.base.count("records");

  /** The records and where the reading stood; what was written here stays. */
  async dropRecords(): Promise<void> {
    const change = this.base.transaction(["records", "meta"], "readwrite", { durability: "strict" });
    void change.objectStore("records").clear();
    void change.objectStore("meta").delete("cursor");
    await change.done;
  }

  // --- the outbox ---

  private async keepRow(row: Row): Promise<KeptRow> {
    return { id: row.id, seq: row.seq, state: row.state, sealed: await seal(this.secret, `op:${row.id}`, row) };
  }

  /** Put an operation in the outbox; the draft it came from and the operation it mends go in the same step. One that the
      server refused is struck there too (`strike`), at the next sync. */
  async act(fresh: NewOperation, gone: Gone = {}): Promise<Row> {
    const seq = ((await this.meta<number>("seq")) ?? 0) + 1;
    const row: Row = { ...fresh, seq, state: "ready", answer: null };
    const kept = await this.keepRow(row);
    const change = this.base.transaction(["operations", "drafts", "meta"], "readwrite", { durability: "strict" });
    const meta = change.objectStore("meta");
    if (((await meta.get("seq")) ?? 0) !== seq - 1) {
      change.abort();
      await change.done.catch(() => undefined);
      return this.act(fresh, gone); // another tab took the number
    }
    void meta.put(seq, "seq");
    void change.objectStore("operations").put(kept);
    if (gone.draft) void change.objectStore("drafts").delete(gone.draft);
    if (gone.operation) void change.objectStore("operations").delete(gone.operation);
    if (gone.operation && gone.strike) void meta.put([...((await meta.get("struck")) as string[] | undefined ?? []), gone.operation], "struck");
    await change.done;
    return row;
  }

  /** Refused operations that were mended here and are still to be struck on the server. */
  struck = async (): Promise<string[]> => (await this.meta<string[]>("struck")) ?? [];

  async rows(): Promise<Row[]> {
    const kept = await this.base.getAllFromIndex("operations", "seq");
    return together(kept, ({ id, sealed }) => unseal<Row>(this.secret, `op:${id}`, sealed));
  }

  countUnsent = async (): Promise<number> => (await this.base.getAll("operations")).filter((row) => row.state !== "applied").length;

  /** What answers changed and took away; photos of what has arrived or is gone need not be kept longer. */
  async setRows(changed: readonly Row[], removed: readonly string[], freed: readonly string[] = []): Promise<void> {
    const kept = await together(changed, (row) => this.keepRow(row));
    const change = this.base.transaction(["operations", "uploads", "blobs"], "readwrite", { durability: "strict" });
    const operations = change.objectStore("operations");
    for (const row of kept) void operations.put(row);
    for (const id of removed) void operations.delete(id);
    for (const id of freed) {
      void change.objectStore("uploads").delete(id);
      void change.objectStore("blobs").delete(id);
    }
    await change.done;
  }

  // --- photos and voice notes ---

  async addUpload(id: string, blob: Blob): Promise<Upload> {
    const upload: Upload = { id, type: blob.type, size: blob.size, offset: 0, done: false, refused: "" };
    const sealed = await sealBytes(this.secret, `upload:${id}`, await blob.arrayBuffer());
    const change = this.base.transaction(["uploads", "blobs"], "readwrite", { durability: "strict" });
    void change.objectStore("uploads").put(upload);
    void change.objectStore("blobs").put({ id, sealed });
    await change.done;
    return upload;
  }

  uploads = (): Promise<Upload[]> => this.base.getAll("uploads");

  async blob(id: string): Promise<Blob | null> {
    const [upload, kept] = await Promise.all([this.base.get("uploads", id), this.base.get("blobs", id)]);
    if (!upload || !kept) return null;
    return new Blob([await openBytes(this.secret, `upload:${id}`, kept.sealed)], { type: upload.type });
  }

  async setUpload(upload: Upload): Promise<void> {
    await this.base.put("uploads", upload);
  }

  // --- drafts ---

  async keepDraft(draft: Draft): Promise<void> {
    await this.base.put("drafts", { id: draft.id, at: draft.at, sealed: await seal(this.secret, `draft:${draft.id}`, draft) });
  }

  async drafts(): Promise<Draft[]> {
    const kept = await this.base.getAll("drafts");
    const opened = await together(kept, ({ id, sealed }) => unseal<Draft>(this.secret, `draft:${id}`, sealed));
    return opened.sort((a, b) => b.at.localeCompare(a.at));
  }

  async dropDraft(id: string): Promise<void> {
    await this.base.delete("drafts", id);
  }

  /** Everything goes: the device was revoked, the duty has ended, or the PIN was wrong too often. */
  async purge(): Promise<void> {
    this.lock();
    this.base.close();
    await deleteDB(NAME);
  }
}
