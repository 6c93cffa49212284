/** <button data-read-aloud="id of the text"> reads it in the language of the page; pressing again stops. */
import { each } from "./dom";
import { word } from "./words";

let reading: HTMLElement | null = null;

function rest(): void {
  speechSynthesis.cancel();
  if (reading) label(reading, false);
  reading = null;
}

function label(target: HTMLElement, on: boolean): void {
  target.setAttribute("aria-pressed", String(on));
  const words = target.querySelector("span:not(.spinner)");
  if (words) words.textContent = word(on ? "readStop" : "readAloud");
}

export function startReadAloud(): void {
  const able = "speechSynthesis" in window;
  each("[data-read-aloud]", (target) => {
    if (!able) {
      target.hidden = true;
      return;
    }
    target.addEventListener("click", () => {
      const again = reading === target;
      rest();
      if (again) return;
      const text = document.getElementById(target.dataset.readAloud ?? "")?.innerText ?? "";
      const speech = new SpeechSynthesisUtterance(text);
      speech.lang = document.documentElement.lang.startsWith("en") ? "en-US" : "zh-CN";
      speech.rate = 0.9;
      speech.onend = rest;
      reading = target;
      label(target, true);
      speechSynthesis.speak(speech);
    });
  });
  if (able) window.addEventListener("pagehide", rest);
}
