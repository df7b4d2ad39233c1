// Ways to take away what a card shows: as a picture, as a table, as the answer's JSON.

import { color } from "./charts.js";
import { button, h } from "./dom.js";

const SCALE = 2;
const NUMBER = /^[−+-]?[\d,]*\.?\d+%?$/;

function saveAs(name, content, type) {
  const url = content.startsWith("data:") ? content : URL.createObjectURL(new Blob([content], { type }));
  const link = h("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  if (url.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A cell as CSV: a number without its commas, nothing where there is none, never a formula. */
function csvCell(cell) {
  const text = cell.classList.contains("void") ? "" : cell.textContent.trim().replace(/^–$/, "");
  if (NUMBER.test(text)) return text.replaceAll(",", "").replace("−", "-");
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A table as CSV, as it is shown. */
const csvOf = (table) => [...table.rows].map((row) => [...row.cells].map(csvCell).join(",") + "\r\n").join("");

/** A table as a picture: each cell's ground and text where they stand. */
function pictureOf(table) {
  const whole = table.getBoundingClientRect();
  const canvas = h("canvas", { width: Math.ceil(whole.width * SCALE), height: Math.ceil(whole.height * SCALE) });
  const pen = canvas.getContext("2d");
  pen.scale(SCALE, SCALE);
  pen.fillStyle = color("surface");
  pen.fillRect(0, 0, whole.width, whole.height);
  for (const cell of table.querySelectorAll("th, td")) {
    const inner = cell.querySelector("span") ?? cell;
    const at = cell.getBoundingClientRect();
    const [x, y] = [at.x - whole.x, at.y - whole.y];
    pen.fillStyle = getComputedStyle(inner).backgroundColor;
    pen.fillRect(x + 1, y + 1, at.width - 2, at.height - 2);
    const style = getComputedStyle(cell);
    const side = { center: at.width / 2, right: at.width - 10, end: at.width - 10 }[style.textAlign] ?? 10;
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    pen.fillStyle = style.color;
    pen.textAlign = { center: "center", right: "right", end: "right" }[style.textAlign] ?? "left";
    pen.textBaseline = "middle";
    pen.save();
    pen.beginPath();
    pen.rect(x, y, at.width, at.height);
    pen.clip();
    pen.fillText(cell.classList.contains("void") ? "" : cell.textContent.trim(), x + side, y + at.height / 2);
    pen.restore();
  }
  return canvas.toDataURL("image/png");
}

/**
 * The links and buttons of a card.
 * @param {object} given title: of the card; name: of the files; csv, json: addresses; table: gives
 *   the table, from which the CSV is made where it has no address; png: gives the picture, else
 *   the table is drawn.
 */
export function takeaway({ title, name, csv = null, json = null, table, png = () => pictureOf(table()) }) {
  const link = (href, text, kind) => h("a.button.tiny.quiet", { href, download: `${name}.${kind}`, "aria-label": `${title} as ${text}` }, text);
  const made = (text, onclick) => button(text, onclick, { kind: "tiny quiet", "aria-label": `${title} as ${text}` });
  return h("div.row", { role: "group", "aria-label": `Download ${title}` },
    made("PNG", () => saveAs(`${name}.png`, png())),
    csv ? link(csv, "CSV", "csv") : made("CSV", () => saveAs(`${name}.csv`, csvOf(table()), "text/csv")),
    json && link(json, "JSON", "json"));
}
