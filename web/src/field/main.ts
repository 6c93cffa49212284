/** The phone app of grid workers: one page that works without a network. */
import { render } from "lit";
import { setIcons } from "../dom";
import { App } from "./app";
import { frame } from "./frame";
import { iconsUrl } from "./icons";
import type { Screen } from "./parts";
import { screenOf } from "./routes";
import { type PageData, speak } from "./words";

const page = JSON.parse(document.getElementById("field-page")?.textContent ?? "{}") as PageData;
const root = document.getElementById("field-app") as HTMLElement;

/** Read before the app is made, so that the first thing shown is in the reader's language and size. */
function settle(): void {
  const chosen = localStorage.getItem("huying-language");
  speak(page, chosen === "en" || chosen === "zh" ? chosen : document.documentElement.lang.startsWith("en") ? "en" : "zh");
  const big = localStorage.getItem("huying-big");
  if (big !== null) document.documentElement.dataset.mode = big ? "elder" : "normal";
  document.documentElement.classList.add("js");
  setIcons(iconsUrl);
}

settle();
root.replaceChildren(); // what stood here said that the app was opening
let screen: Screen | null = null;
let shown = "";
const app = new App(page, paint);

function paint(): void {
  if (app.gate === "open") {
    if (!screen) open();
  } else if (screen) leave();
  render(frame(app, screen), root);
}

function leave(): void {
  screen?.leave?.();
  screen = null;
  app.beforeLeaving = () => Promise.resolve();
}

function open(): void {
  leave();
  shown = location.hash;
  const made = screenOf(app, location.hash);
  screen = made;
  app.beforeLeaving = () => made.keep?.() ?? Promise.resolve();
}

/** Another address: the screen before keeps what was written, and the new one begins at its top. */
async function go(): Promise<void> {
  if (app.gate !== "open" || location.hash === shown) return;
  await screen?.keep?.().catch(() => undefined);
  open();
  paint();
  scrollTo(0, 0);
  root.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
}

/** The service worker keeps the app's files; a new version waits until the worker says now. */
async function install(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register(`${page.root}/worker.js`, { scope: page.root, updateViaCache: "none" });
  const offer = (): void => {
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    app.fresh = registration.waiting;
    app.draw();
  };
  offer();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
  let known = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (known) void app.beforeLeaving().finally(() => location.reload());
    known = true;
  });
  setInterval(() => void registration.update().catch(() => undefined), 3_600_000);
}

// The addresses behind # are screens, so the link that skips to the content moves the focus by hand.
document.querySelector(".skip-link")?.addEventListener("click", (event) => {
  event.preventDefault();
  root.querySelector<HTMLElement>("main")?.focus();
});
addEventListener("hashchange", () => void go());
addEventListener("pagehide", () => void app.beforeLeaving());
paint();
void app.begin();
void install().catch(() => undefined);
