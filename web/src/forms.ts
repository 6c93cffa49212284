/** Small manners of forms: one press sends once, filters send themselves, counters count, all-ticks tick all. */
import { each, on } from "./dom";
import { word } from "./words";

function sendOnce(): void {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const form = event.target as HTMLFormElement;
    if (form.method !== "post" || form.matches("[hx-post],[hx-put],[hx-delete]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    (event as SubmitEvent).submitter?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
      delete form.dataset.sent;
      for (const busy of form.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
    }
  });
}

/** Filters live in the address: empty fields are left out of it. */
function cleanAddress(): void {
  on("submit", "form[data-filters]", (_event, target) => {
    for (const field of (target as HTMLFormElement).elements) {
      const input = field as HTMLInputElement;
      if (input.name && !input.value) input.disabled = true;
    }
  });
  on("change", "form[data-filters] select, form[data-filters] input[type=date], form[data-filters] input[type=checkbox]", (_event, target) =>
    (target.closest("form") as HTMLFormElement).requestSubmit(),
  );
}

function countLetters(): void {
  each("textarea[maxlength][data-counter]", (target) => {
    const area = target as HTMLTextAreaElement;
    const sign = document.getElementById(area.dataset.counter ?? "");
    if (!sign) return;
    const show = (): void => {
      sign.textContent = word("lettersLeft", { count: area.maxLength - area.value.length });
    };
    area.addEventListener("input", show);
    show();
  });
}

/** data-tick-all="name" ticks every checkbox of that name; data-bulk shows only while something is ticked. */
function ticks(): void {
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
    const name = box.dataset.tickAll ?? box.name;
    if (!name) return;
    const all = [...document.querySelectorAll<HTMLInputElement>(`[data-list] input[type=checkbox][name="${CSS.escape(name)}"]`)];
    if (!all.length) return;
    if (box.dataset.tickAll) for (const one of all) one.checked = box.checked;
    const count = all.filter((one) => one.checked).length;
    for (const one of all) one.closest("[data-row]")?.setAttribute("aria-selected", String(one.checked));
    const head = document.querySelector<HTMLInputElement>(`[data-tick-all="${CSS.escape(name)}"]`);
    if (head) {
      head.checked = count === all.length;
      head.indeterminate = count > 0 && count < all.length;
    }
    for (const bar of document.querySelectorAll<HTMLElement>(`[data-bulk="${CSS.escape(name)}"]`)) {
      bar.hidden = count === 0;
      const sign = bar.querySelector("[data-bulk-count]");
      if (sign) sign.textContent = word("chosen", { count });
    }
  });
}

export function startForms(): void {
  sendOnce();
  cleanAddress();
  countLetters();
  ticks();
  each(".errors-summary", (target) => target.focus());
}
