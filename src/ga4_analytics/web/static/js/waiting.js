// Says why something takes long: on a new machine the first answers wait for a compiler.

import { h } from "./dom.js";

const PATIENCE_MS = 1200;
const AGAIN_MS = 1000;
let pending = 0;
let note = null;
let timer = null;

function left(seconds) {
  if (seconds === null) return "";
  return seconds < 90 ? ` About ${Math.max(5, Math.ceil(seconds / 5) * 5)} s to go.` : ` About ${Math.ceil(seconds / 60)} min to go.`;
}

async function look() {
  let found = null;
  try {
    const response = await fetch("/api/v1/warming");
    if (response.ok) found = (await response.json()).warming;
  } catch { /* whoever asked says what is wrong */ }
  if (!pending) return;
  const words = found && !found.is_done
    ? ["Preparing this machine for fast answers", `Step ${found.done + 1} of ${found.of}, once after an installation.${left(found.left_seconds)}`]
    : ["Still at it", "Many ask at once, or the question is a large one."];
  const bar = found && !found.is_done && h("progress", { max: found.of, value: found.done, "aria-label": "Prepared" });
  if (!note) {
    note = h("div.waiting", { role: "status" });
    document.body.append(note);
  }
  note.replaceChildren(h("strong", null, words[0]), h("span", null, words[1]), bar || "");
  timer = setTimeout(look, AGAIN_MS);
}

function end() {
  clearTimeout(timer);
  timer = null;
  note?.remove();
  note = null;
}

/** Wait for something; where it takes long, the page says why. */
export async function patiently(promise) {
  pending += 1;
  timer ??= setTimeout(look, PATIENCE_MS);
  try {
    return await promise;
  } finally {
    pending -= 1;
    if (!pending) end();
  }
}
