/** Keys of the desk. data-list holds data-row elements; data-key="a" on anything makes "a" press it,
    first inside the current row, then anywhere on the page. j k move, Enter opens, ? explains. */

let current: HTMLElement | null = null;

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-list] [data-row]")].filter((row) => row.offsetParent !== null);
}

/** The current row; where a refresh drew it anew, the one that has its place now. */
function here(): HTMLElement | null {
  if (!current || current.isConnected) return current;
  const drawn = current.id ? document.getElementById(current.id) : null;
  if (drawn) makeCurrent(drawn);
  return drawn;
}

/** After a refresh: the reader stays at the row they were at. */
export function keepPlace(): void {
  here();
}

function makeCurrent(row: HTMLElement | null): void {
  current?.classList.remove("is-current");
  current = row;
  if (!row) return;
  row.classList.add("is-current");
  row.scrollIntoView({ block: "nearest" });
  (row.querySelector<HTMLElement>("a[data-open], a[href]") ?? row).focus({ preventScroll: true });
}

function move(step: number): void {
  const all = rows();
  if (!all.length) return;
  const row = here();
  const at = row && all.includes(row) ? all.indexOf(row) : step > 0 ? -1 : all.length;
  makeCurrent(all[Math.min(Math.max(at + step, 0), all.length - 1)] ?? null);
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]");
}

function press(key: string): boolean {
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const target = here()?.querySelector<HTMLElement>(selector) ?? document.querySelector<HTMLElement>(`:not([data-row] *)${selector}`);
  if (!target || target.matches(":disabled, [aria-disabled=true]")) return false;
  if (target.matches("input:not([type=checkbox],[type=radio],[type=submit]), textarea, select")) target.focus();
  else target.click();
  return true;
}

export function startKeyboard(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (handled(event.key)) event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-list] [data-row]") : null;
    if (row && row !== current) {
      current?.classList.remove("is-current");
      current = row;
      row.classList.add("is-current");
    }
  });
}

function handled(key: string): boolean {
  switch (key) {
    case "j":
      move(1);
      return true;
    case "k":
      move(-1);
      return true;
    case "?": {
      const help = document.getElementById("keyboard-help");
      if (help instanceof HTMLDialogElement) help.showModal();
      return help !== null;
    }
    case "Enter": {
      const row = here();
      if (!row || (document.activeElement !== row && document.activeElement !== document.body)) return false;
      row.querySelector<HTMLElement>("a[data-open], a[href]")?.click();
      return true;
    }
    default:
      return key.length === 1 && press(key);
  }
}
