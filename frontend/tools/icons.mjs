// Writes src/meterbook/web/icons.json: the icons that templates may use, taken from @tabler/icons by the names in icons.json.
import { readFileSync, writeFileSync } from "node:fs";

const wanted = JSON.parse(readFileSync("icons.json", "utf8"));
const found = {};
for (const [name, source] of Object.entries(wanted)) {
  const svg = readFileSync(`node_modules/@tabler/icons/icons/outline/${source}.svg`, "utf8");
  found[name] = [...svg.matchAll(/<path(?![^>]*stroke="none")[^>]*\sd="([^"]+)"[^>]*\/>/g)].map((match) => match[1]);
}
writeFileSync("../src/meterbook/web/icons.json", `${JSON.stringify(found, null, 1)}\n`);
