/** Small typed steps over the DOM. */
let iconsUrl = "";

export function setIcons(url: string): void {
  iconsUrl = url;
}

export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${iconsUrl}#${name}`);
  svg.append(use);
  return svg;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function button(text: string, style: string, press: () => void): HTMLButtonElement {
  const made = element("button", `btn btn--${style}`, text);
  made.type = "button";
  made.addEventListener("click", press);
  return made;
}

/** Listen once on the document for every present and future element that matches. */
export function on<E extends Event>(type: string, selector: string, act: (event: E, target: HTMLElement) => void): void {
  document.addEventListener(type, (event) => {
    const from = event.target;
    const target = from instanceof Element ? from.closest<HTMLElement>(selector) : null;
    if (target) act(event as E, target);
  });
}

/** Run for each matching element now, and again for whatever htmx brings later. */
export function each(selector: string, act: (target: HTMLElement) => void): void {
  const seen = new WeakSet<HTMLElement>();
  const run = (root: ParentNode): void => {
    const found = [...root.querySelectorAll<HTMLElement>(selector)];
    if (root instanceof HTMLElement && root.matches(selector)) found.push(root);
    for (const target of found) {
      if (seen.has(target)) continue;
      seen.add(target);
      act(target);
    }
  };
  run(document);
  for (const type of ["htmx:load", "huying:fresh"]) {
    document.addEventListener(type, (event) => run((event as CustomEvent<{ elt: HTMLElement }>).detail.elt));
  }
}

/** Say that new elements stand in the page though htmx did not bring them. */
export function announceFresh(elt: HTMLElement): void {
  document.dispatchEvent(new CustomEvent("huying:fresh", { detail: { elt } }));
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}
