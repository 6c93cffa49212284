/** details.menu: closes on Escape, on a click elsewhere and when focus leaves. Works as plain details without script. */
import { on } from "./dom";

export function startMenus(): void {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  });
  on<KeyboardEvent>("keydown", "details.menu[open]", (event, target) => {
    const menu = target as HTMLDetailsElement;
    const items = [...menu.querySelectorAll<HTMLElement>(".menu__item")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary")?.focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      items[(at + step + items.length) % items.length]?.focus();
    }
  });
  on<FocusEvent>("focusout", "details.menu[open]", (event, target) => {
    const to = event.relatedTarget;
    if (to instanceof Node && !target.contains(to)) (target as HTMLDetailsElement).open = false;
  });
}
