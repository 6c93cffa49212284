/** Reads bar codes and QR codes from the camera: with the browser's own reader, or with jsQR, loaded only then. */

type Read = (video: HTMLVideoElement) => Promise<string>;

interface Detector {
  detect(source: CanvasImageSource): Promise<{ rawValue: string }[]>;
}

const wait = 180; // milliseconds between looks: quick for the hand, light for the battery
const widest = 800;

async function ownReader(): Promise<Read | null> {
  const own = (window as { BarcodeDetector?: new () => Detector }).BarcodeDetector;
  if (!own) return null;
  try {
    const detector = new own();
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
  } catch {
    return null;
  }
}

async function bundledReader(): Promise<Read> {
  const { default: jsQR } = await import("jsqr");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, widest / (video.videoWidth || 1));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    if (!pen || !canvas.width || !canvas.height) return "";
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
    return jsQR(data, width, height)?.data ?? "";
  };
}

/** Shows the camera in ``video`` until a code is read ("" when ``stopped`` is aborted first). Throws without a camera. */
export async function scan(video: HTMLVideoElement, stopped: AbortSignal): Promise<string> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    video.srcObject = stream;
    await video.play();
    let read = (await ownReader()) ?? (await bundledReader());
    while (!stopped.aborted) {
      const code = await read(video).catch(async () => {
        read = await bundledReader();
        return "";
      });
      if (code) return code;
      await new Promise((resolve) => window.setTimeout(resolve, wait));
    }
    return "";
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
