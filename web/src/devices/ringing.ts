/** The sound of an alarm, made of tones: nothing is fetched, so the page's policy stays as strict as it is.
    Browsers let a page sound only after somebody has pressed something on it. */

const kept = "huying:alarm-sound";

/** Tones of a severity (Hz, seconds), and seconds until they are heard again while nobody has acknowledged. */
const tunes: Record<number, { tones: [number, number][]; again: number }> = {
  4: { tones: [[880, 0.18], [660, 0.18], [880, 0.18], [660, 0.18]], again: 4 },
  3: { tones: [[740, 0.2], [740, 0.2]], again: 12 },
  2: { tones: [[523, 0.25]], again: 0 },
};

let context: AudioContext | null = null;

/** Whether this browser is to sound; what was chosen stays chosen. */
export function wanted(): boolean {
  try {
    return localStorage.getItem(kept) !== "off";
  } catch {
    return true;
  }
}

export function want(on: boolean): void {
  try {
    localStorage.setItem(kept, on ? "on" : "off");
  } catch {
    /* a browser that keeps nothing: it holds for this page */
  }
}

/** Ask the browser for sound; false while it still waits for somebody to press something. */
export async function wake(): Promise<boolean> {
  if (!context && !navigator.userActivation?.hasBeenActive) return false; // asking earlier only earns a warning
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") await Promise.race([context.resume(), new Promise((later) => setTimeout(later, 200))]);
    return context.state === "running";
  } catch {
    return false;
  }
}

/** Seconds after which a severity sounds again; 0 where once is enough. */
export function again(severity: number): number {
  return tunes[severity]?.again ?? 0;
}

export function sound(severity: number): void {
  const tune = tunes[severity];
  if (!tune || !context || context.state !== "running") return;
  let at = context.currentTime + 0.02;
  for (const [pitch, length] of tune.tones) {
    const tone = context.createOscillator();
    const loud = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, at);
    loud.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
    loud.gain.setValueAtTime(0.3, at + length - 0.04);
    loud.gain.exponentialRampToValueAtTime(0.0001, at + length);
    tone.connect(loud).connect(context.destination);
    tone.start(at);
    tone.stop(at + length);
    at += length + 0.06;
  }
}
