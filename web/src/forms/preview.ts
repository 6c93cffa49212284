/** Fills every <hy-form data-definition-url="…"> of a page; pictures stay in memory.
    The answers as they would be sent are shown in the element named by data-answers. With data-given the form begins with the
    answers of that JSON element, with data-held it shows the files that JSON names by id, with data-into it is sent by that
    <form>: answers as a field, new files as file_<id>. */
import "./form";
import { memoryFiles } from "./memory";
import type { Answers, Definition } from "./types";

function show(place: Element | null, answers: Answers): void {
  if (place) place.textContent = JSON.stringify(answers, null, 2);
}

function read<T>(name: string | undefined): T | null {
  const text = name ? document.querySelector(name)?.textContent : "";
  return text ? (JSON.parse(text) as T) : null;
}

/** Send what was filled in with a form of the page, new pictures and recordings with it. */
function send(target: HTMLFormElement, answers: Answers, files: ReturnType<typeof memoryFiles>): void {
  const text = JSON.stringify(answers);
  (target.elements.namedItem("answers") as HTMLInputElement).value = text;
  target.addEventListener(
    "formdata",
    (event) => {
      for (const id of new Set(text.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [])) {
        const blob = files.get(id);
        if (blob) event.formData.append(`file_${id}`, blob, id);
      }
    },
    { once: true },
  );
  target.requestSubmit();
}

async function open(form: HTMLElementTagNameMap["hy-form"]): Promise<void> {
  const { definitionUrl, answers: named, fault } = form.dataset;
  const place = named ? document.querySelector(named) : null;
  const files = memoryFiles();
  const held = read<Record<string, string>>(form.dataset.held) ?? {};
  form.files ??= { ...files, url: async (id) => (await files.url(id)) || (held[id] ?? "") };
  const given = read<Answers>(form.dataset.given);
  if (given) form.answers = given;
  const target = form.dataset.into ? document.querySelector<HTMLFormElement>(form.dataset.into) : null;
  form.addEventListener("change", (event) => show(place, (event as CustomEvent<{ answers: Answers }>).detail.answers));
  form.addEventListener("finish", (event) => {
    show(place, (event as CustomEvent<{ answers: Answers }>).detail.answers);
    const done = form.dataset.done ? document.querySelector<HTMLElement>(form.dataset.done) : null;
    if (done) done.hidden = false;
    if (target) send(target, (event as CustomEvent<{ answers: Answers }>).detail.answers, files);
  });
  if (!definitionUrl) return;
  const answer = await fetch(definitionUrl, { credentials: "same-origin" }).catch(() => null);
  if (answer?.ok) form.definition = (await answer.json()) as Definition;
  else form.replaceWith(fault ?? "");
}

for (const form of document.querySelectorAll("hy-form")) void open(form);
