/** Live pages. <body data-live-topics="cases,queue:dispatch"> opens one EventSource; every element with
    data-live-refresh="cases" (space-separated topics) is refreshed through htmx when its topic speaks.
    Such an element carries hx-get and hx-trigger="live"; refreshes of one element are at least a second apart. */
import htmx from "htmx.org";
import { word } from "./words";

type State = "connecting" | "live" | "offline";

const firstDelay = 1000;
const longestDelay = 60_000;
const waiting = new Map<Element, number>();

function show(state: State): void {
  for (const sign of document.querySelectorAll<HTMLElement>("[data-live-state]")) {
    sign.dataset.state = state;
    const words = sign.querySelector("span");
    if (words) words.textContent = word(`live-${state}`.replace(/-(\w)/, (_all, letter: string) => letter.toUpperCase()));
  }
}

function refresh(topic: string): void {
  for (const target of document.querySelectorAll("[data-live-refresh]")) {
    const topics = (target.getAttribute("data-live-refresh") ?? "").split(/\s+/);
    const hit = topics.some((one) => topic === one || topic.startsWith(`${one}:`));
    if (!hit || waiting.has(target)) continue;
    waiting.set(
      target,
      window.setTimeout(() => {
        waiting.delete(target);
        if (target.isConnected && !target.contains(document.activeElement?.closest("form") ?? null)) htmx.trigger(target, "live");
      }, 1000),
    );
  }
}

function spoke(event: MessageEvent<string>): void {
  let topic = "";
  let payload: unknown = null;
  try {
    const body = JSON.parse(event.data) as { topic?: string; payload?: unknown };
    topic = body.topic ?? event.lastEventId;
    payload = body.payload ?? null;
  } catch {
    topic = event.data;
  }
  if (!topic) return;
  document.dispatchEvent(new CustomEvent("huying:live", { detail: { topic, payload } }));
  refresh(topic);
}

export function startLive(): void {
  const topics = document.querySelector<HTMLElement>("[data-live-topics]")?.dataset.liveTopics;
  if (!topics || typeof EventSource === "undefined") return;
  let delay = firstDelay;
  let source: EventSource | null = null;
  let timer = 0;
  let missed = false;

  const open = (): void => {
    window.clearTimeout(timer);
    source?.close();
    source = new EventSource(`/live?topics=${encodeURIComponent(topics)}`);
    source.onopen = () => {
      delay = firstDelay;
      show("live");
      if (missed) for (const one of topics.split(",")) refresh(one);
      missed = false;
    };
    source.onmessage = spoke;
    source.addEventListener("fact", spoke as EventListener);
    source.onerror = () => {
      source?.close();
      missed = true;
      show(navigator.onLine ? "connecting" : "offline");
      timer = window.setTimeout(open, delay * (0.75 + Math.random() / 2));
      delay = Math.min(delay * 2, longestDelay);
      if (delay > 8000) show("offline");
    };
  };
  window.addEventListener("online", open);
  window.addEventListener("offline", () => show("offline"));
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  show("connecting");
  open();
}
