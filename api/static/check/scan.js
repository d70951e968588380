// SPDX-License-Identifier: Apache-2.0
/**
 * QR codes from a camera or a picture, read on this device: by the browser where it can, else by jsQR, which is loaded
 * when it is first needed.
 * @module
 */
const LARGEST_SIDE = 2000;
const BETWEEN_LOOKS = 150;

let reader = null;

/**
 * Read the QR code in a picture.
 * @param {Blob} picture
 * @param {{address: string, integrity: string}} library where jsQR is
 * @returns {Promise<?string>} its text; null if none is found
 * @throws {Error} for what is no picture
 */
export async function readPicture(picture, library) {
  const look = await looker(library);
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  return look(drawn(bitmap, bitmap.width * scale, bitmap.height * scale));
}

/**
 * Look through the camera until a code is found.
 * @param {HTMLVideoElement} video shows what the camera sees
 * @param {object} library
 * @param {AbortSignal} signal ends it early; then the result is null
 * @returns {Promise<?string>}
 */
export async function readCamera(video, library, signal) {
  const look = await looker(library);
  const wanted = { video: { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } } };
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  try {
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const text = video.videoWidth ? await look(drawn(video, video.videoWidth, video.videoHeight)) : null;
      if (text) return text;
      await new Promise((done) => setTimeout(done, BETWEEN_LOOKS));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}

function drawn(source, width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  canvas.getContext('2d', { willReadFrequently: true }).drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// A function that takes a canvas and returns the text of the code in it, or null.
async function looker(library) {
  if (reader) return reader;
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats()) ?? [];
  if (formats.includes('qr_code')) {
    const detector = new globalThis.BarcodeDetector({ formats: ['qr_code'] });
    reader = async (canvas) => (await detector.detect(canvas))[0]?.rawValue ?? null;
  } else {
    await load(library);
    reader = (canvas) => {
      const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return globalThis.jsQR(data, width, height)?.data ?? null;
    };
  }
  return reader;
}

// Preloaded first, because only then is the integrity of a module compared.
async function load({ address, integrity }) {
  await new Promise((done, fail) => {
    const link = Object.assign(document.createElement('link'), { rel: 'modulepreload', href: address, integrity });
    link.addEventListener('load', done);
    link.addEventListener('error', () => fail(new TypeError('the reader of codes could not be loaded')));
    document.head.append(link);
  });
  await import(address);
}
