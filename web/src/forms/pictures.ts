/** Pictures are made small on the phone before they are kept or sent. */

const quality = 0.82;
export const longest = { image: 1600, panorama: 4096, signature: 1200 } as const;

async function open(file: Blob): Promise<{ source: CanvasImageSource; width: number; height: number; done: () => void }> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    return { source: bitmap, width: bitmap.width, height: bitmap.height, done: () => bitmap.close() };
  } catch {
    const address = URL.createObjectURL(file);
    const image = new Image();
    image.src = address;
    await image.decode().finally(() => URL.revokeObjectURL(address));
    return { source: image, width: image.naturalWidth, height: image.naturalHeight, done: () => undefined };
  }
}

export const jpeg = (canvas: HTMLCanvasElement, fine: number = quality): Promise<Blob> =>
  new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", fine));

/** A JPEG no longer than so many pixels on its longer side. Throws for what is no picture. */
export async function shrunk(file: Blob, most: number): Promise<Blob> {
  const { source, width, height, done } = await open(file);
  const scale = Math.min(1, most / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  done();
  return jpeg(canvas);
}
