/** Keeps the app's own files so that it opens without a network. Answers for the app's page and files alone: other pages
    and the API go to the network untouched. The server writes the list before this script. */
export {};

interface Kept {
  version: string;
  page: string;
  files: string[];
}

declare const HUYING_FIELD: Kept;
interface Life extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Asked extends Event {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(type: string, hear: (event: Event) => void): void;
}

const scope = self as unknown as Scope;
const PREFIX = "huying-field-";
const { version, page, files } = HUYING_FIELD;
const shelf = PREFIX + version;
const known = new Set(files);

/** All of it or nothing: a page with half its scripts would be worse than the version before. */
async function install(): Promise<void> {
  const cache = await caches.open(shelf);
  const shell = await fetch(page, { cache: "no-store", credentials: "same-origin" });
  if (!shell.ok || shell.redirected) throw new Error("the page is not ours to keep");
  await cache.put(page, shell);
  await cache.addAll(files);
}

async function activate(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== shelf) await caches.delete(name);
  await scope.clients.claim();
}

async function answer(request: Request, key: string): Promise<Response> {
  const cache = await caches.open(shelf);
  return (await cache.match(key)) ?? fetch(request);
}

scope.addEventListener("install", (event) => (event as Life).waitUntil(install()));
scope.addEventListener("activate", (event) => (event as Life).waitUntil(activate()));
scope.addEventListener("message", (event) => (event as MessageEvent).data === "now" && void scope.skipWaiting());
scope.addEventListener("fetch", (event) => {
  const asked = event as Asked;
  const { request } = asked;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (url.pathname === page || url.pathname === `${page}/`) asked.respondWith(answer(request, page));
  } else if (known.has(url.pathname)) asked.respondWith(answer(request, url.pathname));
});
