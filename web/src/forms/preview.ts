/** Fills every <hy-form data-definition-url="…"> of a page: nothing is sent, pictures stay in memory.
    The answers as they would be sent are shown in the element named by data-answers. */
import "./form";
import { memoryFiles } from "./memory";
import type { Answers, Definition } from "./types";

function show(place: Element | null, answers: Answers): void {
  if (place) place.textContent = JSON.stringify(answers, null, 2);
}

async function open(form: HTMLElementTagNameMap["hy-form"]): Promise<void> {
  const { definitionUrl, answers: named, fault } = form.dataset;
  const place = named ? document.querySelector(named) : null;
  form.files ??= memoryFiles();
  form.addEventListener("change", (event) => show(place, (event as CustomEvent<{ answers: Answers }>).detail.answers));
  form.addEventListener("finish", (event) => {
    show(place, (event as CustomEvent<{ answers: Answers }>).detail.answers);
    const done = document.querySelector<HTMLElement>(form.dataset.done ?? "");
    if (done) done.hidden = false;
  });
  if (!definitionUrl) return;
  const answer = await fetch(definitionUrl, { credentials: "same-origin" }).catch(() => null);
  if (answer?.ok) form.definition = (await answer.json()) as Definition;
  else form.replaceWith(fault ?? "");
}

for (const form of document.querySelectorAll("hy-form")) void open(form);
