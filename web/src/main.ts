/** What every page loads. Pages work without it; it makes them quicker and kinder. */
import Alpine from "@alpinejs/csp";
import htmx from "htmx.org";
import { disclosure, picker } from "./components";
import { startDialogs } from "./dialogs";
import { csrfToken, setIcons } from "./dom";
import { startDrafts } from "./drafts";
import { startForms } from "./forms";
import iconsUrl from "./icons.svg?url";
import { startKeyboard } from "./keyboard";
import { startLive } from "./live";
import { startMaps } from "./maps";
import { startMenus } from "./menus";
import { startOutbox } from "./outbox";
import { startPhotos } from "./photos";
import { startReadAloud } from "./read-aloud";
import { startTables } from "./tables";
import { startToasts, toast } from "./toast";
import { word } from "./words";

Object.assign(htmx.config, {
  includeIndicatorStyles: false,
  allowEval: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyRestoreAsHxRequest: false,
  defaultSwapStyle: "outerHTML",
  scrollBehavior: "auto",
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "422", swap: true },
    { code: "[45]..", swap: false, error: true },
  ],
});

function guardRequests(): void {
  document.body.addEventListener("htmx:configRequest", (event) => {
    const { headers, triggeringEvent } = (event as CustomEvent<{ headers: Record<string, string>; triggeringEvent?: Event }>).detail;
    headers["X-CSRFToken"] = csrfToken();
    if (triggeringEvent?.type === "live") headers["X-Live-Refresh"] = "1"; // the page asks, nobody sits there
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    const xhr = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail.xhr;
    toast(xhr.getResponseHeader("X-Message") ? decodeURIComponent(xhr.getResponseHeader("X-Message") ?? "") : word("requestRefused"));
  });
  let leaving = false; // requests under way are cut off by leaving the page, which is no fault
  addEventListener("beforeunload", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));
  document.body.addEventListener("htmx:sendError", () => leaving || toast(word("requestLost")));
}

function start(): void {
  document.documentElement.classList.add("js");
  setIcons(iconsUrl);
  guardRequests();
  startMenus();
  startDialogs();
  startOutbox();
  startForms();
  startDrafts();
  startPhotos();
  startReadAloud();
  startTables();
  startToasts();
  startKeyboard();
  startLive();
  startMaps();
  Alpine.data("disclosure", disclosure);
  Alpine.data("picker", picker);
  Alpine.start();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
