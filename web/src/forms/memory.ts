/** Files that live as long as the page: for previews. */
import type { Files } from "./types";

export function memoryFiles(): Files & { get(id: string): Blob | undefined } {
  const kept = new Map<string, { blob: Blob; url: string }>();
  return {
    add: (blob) => {
      const id = crypto.randomUUID();
      kept.set(id, { blob, url: URL.createObjectURL(blob) });
      return Promise.resolve(id);
    },
    url: (id) => Promise.resolve(kept.get(id)?.url ?? ""),
    remove: (id) => {
      const one = kept.get(id);
      if (one) URL.revokeObjectURL(one.url);
      kept.delete(id);
    },
    get: (id) => kept.get(id)?.blob,
  };
}
