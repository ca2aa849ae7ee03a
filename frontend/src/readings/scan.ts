// Opens a meter of the round by the label that hangs on it, where the browser can read codes from the camera.
import { all, one } from "../core/dom";
import { text } from "../core/texts";

interface Detector {
  detect(picture: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}

const OFTEN = 250; // milliseconds between two looks at the picture
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** This will return the row that a label names: by the meter's address in its code, else by its number. */
export function rowOfLabel(told: string, rows: readonly HTMLElement[]): HTMLElement | null {
  const meter = told.match(ID)?.at(-1)?.toLowerCase();
  const words = told.trim();
  return (
    rows.find((row) => (meter ? row.dataset["row"] === meter : words !== "" && [row.dataset["code"], row.dataset["serial"]].includes(words))) ?? null
  );
}

/** This will let the button of a form start and end the camera; `open` is called with the row of the label. */
export function startScanning(form: HTMLElement, open: (row: HTMLElement) => void): () => void {
  const button = one<HTMLButtonElement>("[data-scan]", form);
  const video = one<HTMLVideoElement>("[data-scan-picture]", form);
  const words = one("[data-scan-words]", form);
  if (!button || !video || !words) return () => undefined;
  let camera: MediaStream | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const stop = (): void => {
    clearTimeout(timer);
    for (const track of camera?.getTracks() ?? []) track.stop();
    camera = null;
    video.srcObject = null;
    video.hidden = true;
  };
  const look = async (detector: Detector): Promise<void> => {
    const found = await detector.detect(video).catch(() => []);
    if (!camera) return;
    for (const each of found) {
      const row = rowOfLabel(each.rawValue, all("[data-row]", form));
      if (row) {
        stop();
        words.textContent = "";
        open(row);
        return;
      }
    }
    if (found.length) words.textContent = text("scan_unknown");
    timer = setTimeout(() => void look(detector), OFTEN);
  };
  const clicked = async (): Promise<void> => {
    if (camera) {
      stop();
      words.textContent = "";
      return;
    }
    const Reader = (window as unknown as { BarcodeDetector?: new () => Detector }).BarcodeDetector;
    if (!Reader || !navigator.mediaDevices) {
      words.textContent = text("scan_none");
      return;
    }
    try {
      camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      words.textContent = text("scan_denied");
      return;
    }
    words.textContent = text("scan_look");
    video.srcObject = camera;
    video.hidden = false;
    await video.play().catch(() => undefined);
    void look(new Reader());
  };
  const pressed = (): void => void clicked();
  button.hidden = false;
  button.addEventListener("click", pressed);
  return () => {
    stop();
    button.removeEventListener("click", pressed);
  };
}
