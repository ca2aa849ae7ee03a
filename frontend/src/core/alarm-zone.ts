import { refreshAges } from "./ages";
import { one } from "./dom";
import { subscribe } from "./stream";

/** The zone asks again at the most this often, however many alarms come. */
const PAUSE = 400;

/** This will keep the alarm zone in step with the server's alarms, without a reload. */
export function startAlarmZone(): void {
  const zone = one("#alarm-zone");
  const address = zone?.dataset["href"];
  if (!zone || !address) return;
  let timer = 0;
  subscribe("alarm", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void renew(zone, address), PAUSE);
  });
}

async function renew(zone: HTMLElement, address: string): Promise<void> {
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) return;
  // The server's own template, escaped there.
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  zone.replaceChildren(...parsed.body.childNodes);
  refreshAges(zone);
}
