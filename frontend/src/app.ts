import "./theme/index.css";
import htmx from "htmx.org";
import { startAges, refreshAges } from "./core/ages";
import { startAlarmZone } from "./core/alarm-zone";
import { startChoosing } from "./core/choose";
import { startRows } from "./core/rows";
import { csrfToken } from "./core/dom";
import { startForgetting } from "./core/kept-pages";
import { mountIslands, unmountIslands } from "./core/islands";
import { startRenewing } from "./core/renew";
import { startSending } from "./core/sending";
import { startShell } from "./core/shell";
import { startStream } from "./core/stream";
import { proposeZone } from "./core/zone";

// The policy of the server forbids eval and inline styles; htmx must not try either.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
// htmx would copy the style that a script gave an old element to the new one as an attribute, which the policy refuses.
htmx.config.attributesToSettle = ["class", "width", "height"];

document.addEventListener("htmx:configRequest", (event) => {
  (event as CustomEvent<{ headers: Record<string, string> }>).detail.headers["X-CSRFToken"] = csrfToken();
});
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  if (event.target instanceof Element) unmountIslands(event.target);
});
document.addEventListener("htmx:load", (event) => {
  if (!(event.target instanceof HTMLElement)) return;
  refreshAges(event.target);
  void mountIslands(event.target);
});

startShell();
startChoosing();
startRows();
startAges();
startStream();
startAlarmZone();
startRenewing();
startSending();
startForgetting();
proposeZone();
void mountIslands();
