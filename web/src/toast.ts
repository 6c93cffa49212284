/** A short message at the foot of the page, with one thing that can be done about it (usually: undo). */
import { button, each, element } from "./dom";
import { word } from "./words";

function holder(): HTMLElement {
  let place = document.querySelector<HTMLElement>(".toasts");
  if (!place) {
    place = element("div", "toasts");
    place.setAttribute("role", "status");
    place.setAttribute("aria-live", "polite");
    document.body.append(place);
  }
  return place;
}

export interface ToastAction {
  label: string;
  press: () => void;
}

export function toast(text: string, action?: ToastAction, seconds = action ? 12 : 6): void {
  const close = (): void => made.remove();
  const made = element("div", "toast", element("span", "", text));
  if (action) {
    made.append(
      button(action.label, "quiet", () => {
        close();
        action.press();
      }),
    );
  }
  made.append(button(word("close"), "quiet", close));
  holder().append(made);
  keepWhileUsed(made, close, seconds);
}

/** The clock stops while the pointer or the keyboard is on the message. */
function keepWhileUsed(made: HTMLElement, close: () => void, seconds: number): void {
  let timer = window.setTimeout(close, seconds * 1000);
  const hold = (): void => window.clearTimeout(timer);
  const release = (): void => {
    timer = window.setTimeout(close, seconds * 1000);
  };
  made.addEventListener("mouseenter", hold);
  made.addEventListener("mouseleave", release);
  made.addEventListener("focusin", hold);
  made.addEventListener("focusout", release);
}

/** Server-made toasts (the c-toast component) fade unless they are being used; without script they stay. */
export function startToasts(): void {
  each(".toasts > .toast", (target) => {
    const close = (): void => target.remove();
    target.querySelector("[data-close-toast]")?.addEventListener("click", close);
    keepWhileUsed(target, close, 12);
  });
  document.body.addEventListener("toast", (event) => {
    const detail = (event as CustomEvent<{ text?: string; value?: string }>).detail;
    const text = detail?.text ?? detail?.value;
    if (text) toast(text);
  });
}
