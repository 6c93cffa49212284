/** Photo fields show what was chosen, let it be taken back, and shrink large pictures before they travel. */
import { button, each, element, on } from "./dom";
import { word } from "./words";

const longestSide = 2048;
const worthShrinking = 1_500_000;

async function shrink(file: File): Promise<File> {
  if (!file.type.startsWith("image/") || file.size < worthShrinking || typeof createImageBitmap === "undefined") return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, longestSide / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
    return blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" }) : file;
  } catch {
    return file;
  }
}

function preview(input: HTMLInputElement, list: HTMLElement): void {
  for (const old of list.querySelectorAll<HTMLImageElement>("img")) URL.revokeObjectURL(old.src);
  list.replaceChildren();
  const files = [...(input.files ?? [])];
  files.forEach((file, at) => {
    const picture = element("img");
    picture.alt = word("photoNumber", { count: at + 1 });
    picture.src = URL.createObjectURL(file);
    const remove = button("×", "icon photos__remove", () => {
      const left = new DataTransfer();
      files.filter((_one, other) => other !== at).forEach((one) => left.items.add(one));
      input.files = left.files;
      preview(input, list);
      input.focus();
    });
    remove.setAttribute("aria-label", word("photoRemove", { count: at + 1 }));
    const frame = element("span", "photos__open", picture);
    list.append(element("li", "photos__item", frame, remove));
  });
}

function startField(field: HTMLElement): void {
  const input = field.querySelector<HTMLInputElement>("input[type=file]");
  const list = field.querySelector<HTMLElement>("[data-preview]");
  if (!input || !list) return;
  const most = Number(input.dataset.most ?? 0);
  let chosen: File[] = [];
  input.addEventListener("change", async () => {
    const added = await Promise.all([...(input.files ?? [])].map(shrink));
    const all = input.multiple ? [...chosen, ...added] : added;
    const kept = most ? all.slice(0, most) : all;
    const transfer = new DataTransfer();
    kept.forEach((one) => transfer.items.add(one));
    input.files = transfer.files;
    chosen = kept;
    preview(input, list);
  });
  list.addEventListener("click", () => {
    chosen = [...(input.files ?? [])];
  });
}

/** Photos of a gallery open large in one dialog, with the arrow keys to walk through. */
function openLarge(event: Event, link: HTMLElement): void {
  event.preventDefault();
  const all = [...(link.closest("[data-photos]")?.querySelectorAll<HTMLAnchorElement>("a[data-photo]") ?? [])];
  let at = all.indexOf(link as HTMLAnchorElement);
  const picture = element("img", "mx-auto max-h-[75dvh]");
  const caption = element("p", "small muted");
  const show = (step: number): void => {
    at = (at + step + all.length) % all.length;
    const one = all[at];
    if (!one) return;
    picture.src = one.href;
    picture.alt = one.querySelector("img")?.alt ?? "";
    caption.textContent = `${at + 1} / ${all.length} ${picture.alt}`;
  };
  const dialog = element("dialog", "dialog dialog--wide", element("div", "dialog__body", picture, caption));
  dialog.setAttribute("aria-label", word("photos"));
  const actions = element("div", "dialog__actions");
  if (all.length > 1) actions.append(button(word("previous"), "secondary", () => show(-1)), button(word("next"), "secondary", () => show(1)));
  actions.append(button(word("close"), "primary", () => dialog.close()));
  dialog.append(actions);
  dialog.addEventListener("keydown", (pressed) => {
    if (pressed.key === "ArrowLeft") show(-1);
    if (pressed.key === "ArrowRight") show(1);
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  show(0);
  dialog.showModal();
}

export function startPhotos(): void {
  each("[data-upload]", startField);
  on("click", "[data-photos] a[data-photo]", openLarge);
}
