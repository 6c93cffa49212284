/** Native dialogs opened by data-open-dialog="id"; destructive forms and links ask once through data-confirm. */
import { button, element, on } from "./dom";
import { word } from "./words";

export function ask(question: string, yes: string, danger: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = element("dialog", "dialog");
    const text = element("p", "dialog__body prose", question);
    text.id = "ask-text";
    dialog.setAttribute("aria-labelledby", text.id);
    const answer = (value: boolean): void => dialog.close(value ? "yes" : "");
    const no = button(word("cancel"), "secondary", () => answer(false));
    const go = button(yes, danger ? "danger" : "primary", () => answer(true));
    dialog.append(text, element("div", "dialog__actions", no, go));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}

function guardSubmits(): void {
  const passed = new WeakSet<Element>();
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target as HTMLFormElement;
      const submitter = (event as SubmitEvent).submitter;
      const source = submitter?.hasAttribute("data-confirm") ? submitter : form;
      const question = source.getAttribute("data-confirm");
      if (!question || passed.delete(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const yes = source.getAttribute("data-confirm-yes") ?? word("confirm");
      void ask(question, yes, source.getAttribute("data-confirm-kind") !== "plain").then((agreed) => {
        if (!agreed) return;
        passed.add(form);
        form.requestSubmit(submitter as HTMLElement | null);
      });
    },
    true,
  );
}

/** htmx requests that carry hx-confirm ask in the same dialog. */
function guardRequests(): void {
  document.body.addEventListener("htmx:confirm", (event) => {
    const detail = (event as CustomEvent<{ question: string | null; issueRequest: (skip: boolean) => void }>).detail;
    if (!detail.question) return;
    event.preventDefault();
    void ask(detail.question, word("confirm"), true).then((agreed) => {
      if (agreed) detail.issueRequest(true);
    });
  });
}

export function startDialogs(): void {
  on("click", "[data-open-dialog]", (event, target) => {
    const dialog = document.getElementById(target.dataset.openDialog ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    dialog.showModal();
  });
  on("click", "[data-close-dialog]", (_event, target) => target.closest("dialog")?.close());
  on("click", "dialog", (event, target) => {
    if (event.target === target && target.hasAttribute("data-light")) (target as HTMLDialogElement).close();
  });
  guardSubmits();
  guardRequests();
}
