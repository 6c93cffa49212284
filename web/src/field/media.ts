/** Photos made small enough to travel, the files of a draft, and voice notes. */
import { shrunk } from "../forms/pictures";
import type { Draft } from "./types";

const LONGEST_SIDE = 2048;
const WORTH_SHRINKING = 700_000;
const LONGEST_NOTE_MS = 120_000;

/** A photo of at most 2048 px; one that cannot be read is sent as it is. */
export async function shrink(file: Blob): Promise<Blob> {
  if (!/^image\/(jpeg|png|webp|heic|heif)$/.test(file.type) || file.size < WORTH_SHRINKING) return file;
  const small = await shrunk(file, LONGEST_SIDE).catch(() => file);
  return small.size < file.size ? small : file;
}

interface Shelf {
  addFile(blob: Blob): Promise<string>;
  fileUrl(id: string): Promise<string>;
}

/** The files of a draft as <hy-form> asks for them. It has made them as small as each kind may be, so they are kept as they come. */
export const draftFiles = (shelf: Shelf, draft: Pick<Draft, "files">, keep: () => Promise<void>) => ({
  async add(blob: Blob): Promise<string> {
    const made = await shelf.addFile(blob);
    draft.files = [...draft.files, made];
    await keep();
    return made;
  },
  url: (file: string): Promise<string> => shelf.fileUrl(file),
  remove: (): void => undefined, // it goes with the draft; until then it may be wanted back
});

export const canRecord = (): boolean => "MediaRecorder" in window && Boolean(navigator.mediaDevices?.getUserMedia);

export interface Recording {
  /** Ends it and gives what was said. */
  stop(): void;
  done: Promise<Blob>;
}

/** Record until stopped, two minutes at most. Rejects when the microphone is not allowed. */
export async function record(): Promise<Recording> {
  const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
  const type = ["audio/mp4", "audio/webm;codecs=opus", "audio/ogg;codecs=opus"].find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
  const recorder = new MediaRecorder(sound, { ...(type ? { mimeType: type } : {}), audioBitsPerSecond: 24_000 });
  const parts: Blob[] = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const done = new Promise<Blob>((resolve) => {
    recorder.onstop = () => {
      for (const track of sound.getTracks()) track.stop();
      resolve(new Blob(parts, { type: (recorder.mimeType || type || "audio/webm").split(";")[0] }));
    };
  });
  recorder.start(1000);
  const timer = window.setTimeout(() => recorder.state === "recording" && recorder.stop(), LONGEST_NOTE_MS);
  return { stop: () => (clearTimeout(timer), recorder.state === "recording" && recorder.stop()), done };
}
