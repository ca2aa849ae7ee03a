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
import { nameCountries } from "./core/countries";
import { proposeZone } from "./core/zone";

// The policy of the server forbids eval and inline styles; htmx must not try either.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
// New parts listen at once: in htmx's pause for transitions (which we have none of) typing and clicks would be lost. Nor
// does an old element's style, which the policy refuses as an attribute, wander to the new one.
htmx.config.defaultSettleDelay = 0;
htmx.config.attributesToSettle = [];

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
nameCountries();
void mountIslands();
