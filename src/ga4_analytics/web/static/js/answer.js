// What stands around every answer: the chart and the table behind it, exports, how it is
// computed, and how far its days are done.

import { address, post } from "./api.js";
import { chart } from "./charts.js";
import { button, h, icon, toast } from "./dom.js";
import { days } from "./format.js";
import { switcher } from "./parts.js";
import { takeaway } from "./takeaway.js";

/**
 * A table.
 * @param {object} given caption; heads: texts; rows: lists of texts or nodes, the first of each
 *   its heading; left: how many columns are text; free: whether it is as long as its rows.
 */
export function table({ caption, heads, rows, left = 1, free = false }) {
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": caption, class: free ? "free" : "" }, h("table", null,
    h("caption.unseen", null, caption),
    h("thead", null, h("tr", null, heads.map((head, place) => h("th", { scope: "col", class: place < left ? "text" : "" }, head)))),
    h("tbody", null, rows.map((cells) => h("tr", null, cells.map((cell, place) => (place === 0
      ? h("th", { scope: "row", title: typeof cell === "string" ? cell : null }, cell)
      : h("td", { class: place < left ? "text" : "" }, cell)))))),
  ));
}

/**
 * A card with a chart, the table behind it, and ways to take both away.
 * @param {object} given
 *   title, badge, extra: nodes beside it; label: the chart in a sentence; option: of the chart;
 *   table: as `table` takes it; onclick: of the chart; size: "short" or "tall"; name: of files;
 *   csv, json: addresses, the table's own cells where there is no csv; under: nodes below the chart.
 */
export function chartCard({ title, badge = null, extra = null, label, option, table: behind, onclick, size = "", name, csv, json, under = null, above = null }) {
  const place = h("div.chart", { class: size });
  const inside = table({ caption: label, ...behind });
  const rows = h("div.unseen", null, inside);
  const views = h("div");
  const show = (view) => {
    place.hidden = view === "table";
    rows.className = view === "table" ? "" : "unseen";
    views.replaceChildren(switcher(`${title}: view`, [["chart", "Chart"], ["table", "Table"]], view, show));
    if (view === "chart") drawn?.redraw();
  };
  let drawn = null;
  const card = h("section.card", { "aria-label": title },
    h("header", null, h("h2", null, title), badge, h("span.grow"), extra, views,
      takeaway({ title, name, csv, json, png: () => drawn.png(), table: () => inside.querySelector("table") })),
    h("div.body.stack", null, above, place, rows, under));
  show("chart");
  card.draw = () => { drawn = chart(place, option, { label, onclick }); return drawn; };
  return card;
}

/** Where the rows of an answer are, as CSV or JSON. */
export function downloads(path, params) {
  const csv = new URLSearchParams(params);
  csv.set("format", "csv");
  return { csv: address(path, csv), json: address(path, params) };
}

/** Whether the days of an answer are complete and final. */
export function finality({ is_final: final, is_complete: complete, missing_days: missing, start, end, last_complete: last }) {
  const words = `${days(start, end)}. The last complete day is ${last ?? "not known"}.`;
  if (missing) return h("span.badge.warn", { title: words }, `${missing} ${missing === 1 ? "day" : "days"} missing`);
  if (!complete) return h("span.badge.warn", { title: words }, "Last day incomplete");
  if (final) return h("span.badge.good", { title: words }, icon("check"), "Final");
  return h("span.badge", { title: words }, "May still change");
}

function code(label, text) {
  return h("div.code", null, h("h3", null, label), h("pre", { tabindex: "0", "aria-label": label }, text),
    button(`Copy ${label}`, async () => {
      try { await navigator.clipboard.writeText(text); toast("Copied"); } catch { toast("Select the text to copy it"); }
    }, { kind: "tiny square quiet", symbol: "copy", bare: true }));
}

/**
 * A panel that says how something is computed.
 * @param {object} given words: sentences; note: at its right; codes: promises [name, text] pairs,
 *   when it is opened.
 */
export function howPanel({ words, note, codes }) {
  const calls = h("div.stack");
  const panel = h("details.card.how", null,
    h("summary", null, icon("right"), "How is this computed?", h("span.grow"), h("span.small", null, note)),
    h("div.body", null, h("ul.words", null, words.map((each) => h("li", null, each))), calls));
  panel.addEventListener("toggle", async () => {
    if (!panel.open || calls.childElementCount) return;
    calls.append(h("p.muted", null, "Writing the calls …"));
    calls.replaceChildren(...(await codes()).map(([name, text]) => code(name, text)));
  });
  return panel;
}

/** How an answer is computed: in words, as JSON, and the calls that give the same. */
export function how(answer) {
  const specs = answer.questions ?? [answer.spec.spec ?? answer.spec];
  const json = ["Question as JSON", JSON.stringify(specs.length > 1 ? specs : specs[0], null, 2)];
  const codes = async () => {
    try {
      const found = await Promise.all(specs.map((spec) => post("calls", spec)));
      const [first, ...others] = found.map((each) => each.python);
      const python = [first, ...others.map((each) => each.split("\n").at(-1))].join("\n");
      return [["Python", python], ["Command line", found.map((each) => each.command).join("\n")], json];
    } catch (error) {
      return [["Why there is no call", error.message], json];
    }
  };
  return howPanel({ words: answer.definition, note: `answered in ${Math.max(1, Math.round(answer.seconds * 1000))} ms`, codes });
}

/** How facts of the published snapshot come about: in words, and the calls that give the same. */
export function howFacts(words, path, python, command) {
  return howPanel({ words, note: "of the published snapshot", codes: async () => [["Python", `import ga4_analytics\n\nws = ga4_analytics.open(".")\n${python}`], ["Command line", command], ["Address of the API", `GET ${address(path)}`]] });
}

/** The names of lines or bars with their colours; the table says how many there are in all. */
export function legend(given, all = given.length) {
  if (given.length < 2) return null;
  const shown = given.slice(0, 12);
  return h("ul.legend", null, shown.map((each) => h("li.row", null, h("span.dot", { class: `series-${(each.place % 8) + 1}` }), h("span.cut", null, each.name))),
    all > shown.length && h("li", null, `and ${all - shown.length} more in the table`));
}

/** What stands in place of an answer that could not be given. */
export function wrong(problem, remedies = null) {
  return h("div.card", { role: "alert" }, h("div.state.wrong", null,
    icon("alert"), h("h2", null, problem.title ?? "Something broke"),
    h("p", null, problem.detail ?? problem.message),
    problem.rule && h("p.small", null, problem.rule),
    problem.remedy && h("p", null, h("strong", null, problem.remedy)),
    remedies));
}

/** What stands in place of an answer where there is nothing. */
export function nothing(title, words, symbol = "search") {
  return h("div.card", null, h("div.state", null, icon(symbol), h("h2", null, title), h("p", null, words)));
}

/** The big numbers at the top of an answer. */
export function bigNumbers(given) {
  return h("dl.facts", null, given.map(({ name, value, more = "", title = null }) => h("div.fact", { title },
    h("dt", null, name), h("dd.number", { class: /^[a-z]/.test(value) ? "words" : "" }, value), h("dd.more", null, more))));
}
