/** <form data-draft="report"> keeps what was typed on this device until the form is sent.
    Passwords, files and fields marked data-no-draft are never kept. */
import { button, each, element } from "./dom";
import { word } from "./words";

type Kept = Record<string, string[]>;

const keepable = (field: Element): field is HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement =>
  field.matches("input:not([type=password],[type=file],[type=hidden],[type=submit],[data-no-draft]), textarea:not([data-no-draft]), select:not([data-no-draft]), input[data-draft-field]") &&
  field.getAttribute("name") !== "csrfmiddlewaretoken";

function read(form: HTMLFormElement): Kept {
  const kept: Kept = {};
  for (const field of form.elements) {
    if (!keepable(field) || !field.name) continue;
    if (field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type) && !field.checked) continue;
    if (field.value) (kept[field.name] ??= []).push(field.value);
  }
  return kept;
}

function write(form: HTMLFormElement, kept: Kept): boolean {
  let changed = false;
  for (const field of form.elements) {
    if (!keepable(field) || !field.name || !(field.name in kept)) continue;
    const values = kept[field.name] ?? [];
    if (field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type)) {
      const wanted = values.includes(field.value);
      changed ||= field.checked !== wanted;
      field.checked = wanted;
    } else if (!field.value && values[0]) {
      field.value = values[0];
      changed = true;
    }
    if (changed) field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  return changed;
}

const slot = (form: HTMLFormElement): string => `huying:draft:${form.dataset.draft}`;

export function forgetDraft(form: HTMLFormElement): void {
  if (form.dataset.draft) localStorage.removeItem(slot(form));
}

function offerToForget(form: HTMLFormElement): void {
  const line = element("p", "notice small", element("div", "", word("draftBack")));
  line.setAttribute("role", "status");
  line.append(
    button(word("draftForget"), "quiet", () => {
      forgetDraft(form);
      form.reset();
      line.remove();
    }),
  );
  form.prepend(line);
}

export function startDrafts(): void {
  each("form[data-draft]", (target) => {
    const form = target as HTMLFormElement;
    const stored = localStorage.getItem(slot(form));
    if (stored && !form.querySelector("[aria-invalid=true]") && write(form, JSON.parse(stored) as Kept)) offerToForget(form);
    let timer = 0;
    const store = (): void => {
      if (!timer) return;
      window.clearTimeout(timer);
      timer = 0;
      try {
        localStorage.setItem(slot(form), JSON.stringify(read(form)));
      } catch {
        /* a full or closed store must never stop somebody from typing */
      }
    };
    const keep = (): void => {
      window.clearTimeout(timer);
      timer = window.setTimeout(store, 300);
    };
    window.addEventListener("pagehide", store);
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
  });
  // A page that says the form arrived names the draft to let go: <… data-draft-done="report">
  each("[data-draft-done]", (target) => localStorage.removeItem(`huying:draft:${target.dataset.draftDone}`));
}
