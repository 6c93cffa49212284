/** How long something has been going on, in the corner of the eye: "3:07", with hours where there are any. */
export function count(): void {
  for (const target of document.querySelectorAll<HTMLElement>("[data-counting]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(target.dataset.counting ?? "")) / 1000));
    const two = (n: number): string => String(n).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const rest = `${hours ? two(Math.floor((seconds % 3600) / 60)) : Math.floor(seconds / 60)}:${two(seconds % 60)}`;
    target.textContent = hours ? `${hours}:${rest}` : rest;
  }
}

export function startCounting(): void {
  count();
  document.body.addEventListener("htmx:afterSettle", count);
  window.setInterval(count, 1000);
}
