/** The board of alarms: it rings while anything serious is not acknowledged, keeps the reader's place when it is
    refreshed, and counts how long each has been ringing. What rings is read from the rows, so it is right after any gap. */
import { keepPlace } from "../keyboard";
import { again, sound, wake, want, wanted } from "./ringing";

interface Ringing {
  worst: number;
  ids: string[];
}

function ringing(board: HTMLElement): Ringing {
  const rows = [...board.querySelectorAll<HTMLElement>("[data-rings]")];
  return { worst: Math.max(0, ...rows.map((row) => Number(row.dataset.rings))), ids: rows.map((row) => row.id) };
}

/** The switch in the head: on, off, or on but not yet let by the browser. */
function startSwitch(board: HTMLElement, changed: () => void): () => Promise<boolean> {
  const button = document.querySelector<HTMLButtonElement>("[data-sound]");
  const asks = document.querySelector<HTMLElement>("[data-sound-asks]");
  const show = async (): Promise<boolean> => {
    const on = wanted();
    const sounds = on && (await wake());
    if (button) {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(on));
      const words = button.querySelector("[data-sound-words]");
      if (words) words.textContent = (on ? button.dataset.on : button.dataset.off) ?? "";
    }
    if (asks) asks.hidden = !on || sounds;
    board.dataset.sounds = String(sounds);
    return sounds;
  };
  button?.addEventListener("click", () => {
    want(button.getAttribute("aria-pressed") !== "true");
    void show().then(changed);
  });
  for (const type of ["pointerdown", "keydown"]) {
    document.addEventListener(type, () => {
      if (wanted() && board.dataset.sounds !== "true") void show().then((sounds) => sounds && changed());
    });
  }
  return show;
}

export function startBoard(frame: HTMLElement): void {
  let known = new Set<string>();
  let last = 0;
  const look = (): void => {
    const now = ringing(frame);
    const fresh = now.ids.some((id) => !known.has(id));
    known = new Set(now.ids);
    document.title = now.ids.length ? `(${now.ids.length}) ${frame.dataset.title ?? ""}` : (frame.dataset.title ?? "");
    if (!now.worst || frame.dataset.sounds !== "true") return;
    const wait = again(now.worst);
    if (!fresh && (!wait || Date.now() - last < wait * 1000)) return;
    last = Date.now();
    sound(now.worst);
  };
  const show = startSwitch(frame, () => {
    last = 0;
    look();
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    keepPlace();
    look();
  });
  window.setInterval(look, 1000);
  void show().then(look);
}
