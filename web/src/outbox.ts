/** <form data-offline-form="report" data-draft="report"> survives a lost connection. When sending fails for want of a network the
    whole form, photos included, waits in IndexedDB and is sent again when the network returns. The form must hold
    a hidden idempotency field so that sending twice changes nothing. */
import htmx from "htmx.org";
import { announceFresh, csrfToken, element, on } from "./dom";
import { forgetDraft } from "./drafts";
import { toast } from "./toast";
import { word } from "./words";

interface Letter {
  id?: number;
  url: string;
  fields: [string, string | File][];
  at: number;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("huying", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("indexedDB"));
  });
}

async function withStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const base = await open();
  return new Promise((resolve, reject) => {
    const request = act(base.transaction("outbox", mode).objectStore("outbox"));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("indexedDB"));
  });
}

function post(letter: Letter): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of letter.fields) body.append(name, value);
  body.set("csrfmiddlewaretoken", csrfToken());
  return fetch(letter.url, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "outbox", ...(letter.id ? { "X-Outbox": "kept" } : {}) },
    credentials: "same-origin",
  });
}

async function showWaiting(): Promise<void> {
  const count = (await withStore("readonly", (store) => store.count())) as number;
  for (const sign of document.querySelectorAll<HTMLElement>("[data-outbox]")) {
    sign.hidden = count === 0;
    sign.replaceChildren(element("span", "", word("outboxWaiting", { count })));
  }
}

let sending = false;

async function sendAll(): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    const letters = (await withStore("readonly", (store) => store.getAll())) as Letter[];
    for (const letter of letters) {
      const answer = await post(letter);
      if (answer.status >= 500 || answer.status === 429 || answer.status === 403) break;
      await withStore("readwrite", (store) => store.delete(letter.id as number));
      const where = answer.redirected ? answer.url : "";
      if (answer.ok) toast(word("outboxSent"), where ? { label: word("outboxSee"), press: () => location.assign(where) } : undefined, 30);
      else toast(word("outboxRefused"), { label: word("outboxSee"), press: () => location.assign(letter.url) }, 60);
    }
  } catch {
    /* still no network: the letters stay where they are */
  } finally {
    sending = false;
    await showWaiting();
  }
}

/** The page came back with something to correct: show its main part, as the browser would. */
function showCorrections(html: string): void {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("main");
  const old = document.querySelector("main");
  if (!fresh || !old) return;
  old.replaceWith(document.adoptNode(fresh));
  htmx.process(fresh);
  announceFresh(fresh);
  window.scrollTo(0, 0);
}

async function submit(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  const fields = [...new FormData(form, submitter)].filter(([name]) => name !== "csrfmiddlewaretoken");
  const letter: Letter = { url: form.action, fields, at: Date.now() };
  submitter?.setAttribute("aria-busy", "true");
  form.dataset.sent = "1";
  try {
    const answer = await post(letter);
    if (answer.redirected) {
      forgetDraft(form);
      location.assign(answer.url);
      return;
    }
    showCorrections(await answer.text());
  } catch {
    await withStore("readwrite", (store) => store.add(letter));
    forgetDraft(form);
    form.reset();
    await showWaiting();
    toast(word("outboxKept"), undefined, 30);
  } finally {
    submitter?.removeAttribute("aria-busy");
    delete form.dataset.sent;
  }
}

export function startOutbox(): void {
  if (typeof indexedDB === "undefined") return;
  on<SubmitEvent>("submit", "form[data-offline-form]", (event, target) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (target.dataset.sent) return;
    void submit(target as HTMLFormElement, event.submitter);
  });
  window.addEventListener("online", () => void sendAll());
  void showWaiting().then(sendAll);
}
