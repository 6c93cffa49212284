/** A table wider than its place can be scrolled; then it can be reached by the keyboard too, and says what it is. */

function judge(wrap: HTMLElement): void {
  const wide = wrap.scrollWidth > wrap.clientWidth;
  if (!wide && wrap.dataset.scrolls === undefined) return;
  if (!wide) {
    for (const name of ["tabindex", "role", "aria-label", "data-scrolls"]) wrap.removeAttribute(name);
    return;
  }
  wrap.dataset.scrolls = "";
  wrap.tabIndex = 0;
  wrap.setAttribute("role", "region");
  wrap.setAttribute("aria-label", wrap.querySelector("caption")?.textContent?.trim() ?? "");
}

export function startTables(): void {
  const all = (): void => document.querySelectorAll<HTMLElement>(".table-wrap--cards").forEach(judge);
  all();
  addEventListener("resize", all);
  document.body.addEventListener("htmx:afterSettle", all);
}
