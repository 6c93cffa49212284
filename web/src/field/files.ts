/** Photos and voice notes on their way: small ones together in one request, others alone in parts that can be resumed. */
import { type Api, NoAnswer, Refusal } from "./api";
import type { Store } from "./store";
import * as core from "./sync-core";
import type { Upload } from "./types";

/** What became of one file of a bundle. */
interface Taken {
  id: string;
  state: "taken" | "known" | "partly" | "refused";
  received: number;
  message: string;
}

type Found = { upload: Upload; blob: Blob };

/** Answers to a bundle after which its files are tried one by one: it was too big or odd, or the server knows no bundles. */
const APART = [400, 404, 405, 409, 413, 415, 422];

export class Files {
  /** A bundle was refused or the line broke under it: what is left goes one by one, until a run has gone well. */
  private apart = false;

  constructor(
    private readonly store: Pick<Store, "blob" | "setUpload">,
    private readonly api: Pick<Api, "get" | "put" | "bundle">,
  ) {}

  arrived(): void {
    this.apart = false;
  }

  /** Send the next of those needed, and with it whatever may go in the same request. */
  async send(needed: readonly string[], uploads: ReadonlyMap<string, Upload>): Promise<void> {
    const ids = this.apart ? [] : core.bundled(needed, uploads);
    const chosen = (ids.length ? ids : needed.slice(0, 1)).flatMap((id) => uploads.get(id) ?? []);
    const [only] = chosen;
    if (only && chosen.length === 1) await this.one(only);
    else await this.together(chosen);
  }

  private async together(uploads: readonly Upload[]): Promise<void> {
    const found: Found[] = [];
    for (const upload of uploads) {
      const blob = await this.blobOf(upload);
      if (blob) found.push({ upload, blob });
    }
    const told = found.length ? await this.ask(found) : null;
    for (const { upload } of told ? found : []) await this.take(upload, told?.get(upload.id));
  }

  /** What the server says of each; null when they are to be tried one by one. */
  private async ask(found: readonly Found[]): Promise<Map<string, Taken> | null> {
    const head = found.map(({ upload, blob }) => ({ id: upload.id, size: blob.size, type: upload.type }));
    const bundle = new Blob([`${JSON.stringify(head)}\n`, ...found.map(({ blob }) => blob)]);
    this.apart = true; // until it has gone well
    try {
      const { results } = await this.api.bundle<{ results: Taken[] }>("/uploads", bundle);
      const told = new Map(results.map((one) => [one.id, one]));
      if (found.some(({ upload }) => !told.has(upload.id))) throw new NoAnswer("answers are missing");
      this.apart = false;
      return told;
    } catch (problem) {
      if (problem instanceof Refusal && APART.includes(problem.status) && problem.code !== "device_not_found") return null;
      throw problem;
    }
  }

  private async take(upload: Upload, told: Taken | undefined): Promise<void> {
    if (told?.state === "refused") await this.store.setUpload({ ...upload, refused: told.message || "refused" });
    else if (told?.state === "partly") await this.one({ ...upload, offset: told.received });
    else await this.store.setUpload({ ...upload, offset: upload.size, done: true });
  }

  private async blobOf(upload: Upload): Promise<Blob | null> {
    const blob = await this.store.blob(upload.id);
    if (!blob) await this.store.setUpload({ ...upload, refused: "lost" });
    return blob;
  }

  private async one(upload: Upload): Promise<void> {
    const blob = await this.blobOf(upload);
    if (!blob) return;
    const path = `/uploads/${upload.id}`;
    try {
      // What an earlier try brought over is not sent again: the server says how far it got.
      let received = upload.offset ? (await this.api.get<{ received: number }>(path).catch((problem: unknown) => this.unknown(problem))).received : 0;
      for (let part = core.nextPart(received, upload.size); part; part = core.nextPart(received, upload.size)) {
        const query = `offset=${part[0]}&size=${upload.size}&type=${encodeURIComponent(upload.type)}`;
        const answer = await this.api.put<{ received: number }>(`${path}?${query}`, blob.slice(part[0], part[1]));
        if (answer.received <= received) throw new NoAnswer("the upload does not move");
        received = answer.received;
        await this.store.setUpload({ ...upload, offset: received });
      }
      await this.store.setUpload({ ...upload, offset: upload.size, done: true });
    } catch (problem) {
      if (!(problem instanceof Refusal) || ![400, 409, 413, 415, 422].includes(problem.status)) throw problem;
      if (problem.status === 409 && upload.offset) await this.store.setUpload({ ...upload, offset: 0 });
      else await this.store.setUpload({ ...upload, refused: problem.message || "refused" });
    }
  }

  private unknown(problem: unknown): { received: number } {
    if (problem instanceof Refusal && problem.status === 404) return { received: 0 };
    throw problem;
  }
}
