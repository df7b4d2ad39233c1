// What the published snapshot holds: its days, how good they are, loads, and what names mean.

import { address, get, list, pageAddress } from "../api.js";
import { bigNumbers, chartCard, downloads, how, howFacts, nothing, table, wrong } from "../answer.js";
import { bars, lines, tidy } from "../charts.js";
import { button, facts, fill, h, icon, say } from "../dom.js";
import { compact, day, number, percent } from "../format.js";
import { switcher } from "../parts.js";
import { takeaway } from "../takeaway.js";
import { ready, shareButton } from "../shell.js";
import { eventText } from "../words.js";

const VIEWS = [["days", "Days"], ["quality", "Quality"], ["loads", "Loads"], ["fields", "Events and columns"], ["definitions", "Definitions"]];
const root = document.getElementById("data");
const moment = (us) => (us ? `${new Date(us / 1000).toISOString().slice(0, 16).replace("T", " ")} UTC` : "not known");
const words = (name) => { const text = name.replaceAll("_", " "); return text[0].toUpperCase() + text.slice(1); };
const state = (good, text, kind = "warn") => h("span.badge", { class: good ? "good" : kind }, icon(good ? "check" : "alert"), text);
const wordy = (text) => h("span.wordy", null, text);
const files = (name, title) => takeaway({ title, name, json: address(name), table: () => root.querySelector(`section[aria-label="${title}"] table`) });

function params() {
  const given = new URLSearchParams(location.search);
  const view = VIEWS.some(([name]) => name === given.get("view")) ? given.get("view") : "days";
  return { view, check: given.get("check") ?? "", search: given.get("search") ?? "" };
}

function go(changed, replace = false) {
  const next = { ...params(), ...changed };
  const said = Object.fromEntries(Object.entries(next).filter(([name, value]) => value && !(name === "view" && value === "days")));
  history[replace ? "replaceState" : "pushState"](null, "", pageAddress("data", said));
}

function card(title, more, ...content) {
  return h("section.card", { "aria-label": title }, h("header", null, h("h2", null, title), more), h("div.body.stack", null, content));
}

/** Days */

async function showDays() {
  const asked = new URLSearchParams({ series: "*" });
  const [{ days }, { status }, trend] = await Promise.all([get("days"), get("status"), get("trends", asked)]);
  const own = status.datasets.find((each) => each.dataset === status.dataset);
  const at = new Map(days.map((each) => [each.day, each]));
  const buckets = trend.buckets.map((each) => ({ ...each, day: each.start.slice(0, 10) }));
  const values = trend.lines[0]?.values ?? [];
  const kind = ({ day: name }) => (!at.has(name) ? "missing" : at.get(name).is_final ? "final" : at.get(name).is_complete ? "complete, may still change" : "incomplete");
  const kinds = [["final", 0], ["complete, may still change", 4], ["incomplete", 1]];
  const missing = buckets.filter((each) => !at.has(each.day)).map((each) => each.day);
  return [
    bigNumbers([
      { name: "Days loaded", value: number(own.days), more: own.gap_days ? `${number(own.gap_days)} missing between them` : "none missing between them" },
      { name: "Events", value: number(own.events), more: `of ${own.users === null || own.users === undefined ? "unnamed" : number(own.users)} users` },
      { name: "Complete through", value: day(own.last_complete_day), more: `${number(own.complete_days)} of ${number(own.days)} days` },
      { name: "Final through", value: day(own.last_final_day), more: `${number(own.final_days)} of ${number(own.days)} days` },
      { name: "Published", value: moment(status.published_at_us).slice(5, 16), more: `UTC ${moment(status.published_at_us).slice(0, 4)}, snapshot ${status.snapshot.slice(-8)}` },
    ]),
    missing.length > 0 && h("p.notice", null, icon("alert"), `Not loaded: ${missing.slice(0, 12).join(", ")}${missing.length > 12 ? ` and ${missing.length - 12} more` : ""}.`),
    chartCard({
      title: "Events by day", name: "days", size: "short", label: "Events of each day, and whether the day is final", ...downloads("trends", asked),
      option: bars({ labels: buckets.map((each) => day(each.day)), titles: buckets.map((each) => day(each.day, { year: true, weekday: true })), format: number, axis: compact, stacked: true,
        bars: kinds.map(([name, place]) => ({ name, place, values: buckets.map((each, place_) => (kind(each) === name ? values[place_] : null)) })) }),
      table: {
        heads: ["Day", "Events", "State", "Active users told by", "What the files tell"], left: 1,
        rows: buckets.map((each, place) => [each.day, number(values[place]), kind(each), at.get(each.day)?.active_rule ?? "not told", at.get(each.day)?.can.map((name) => name.replaceAll("_", " ")).join(", ") ?? ""]),
      },
      under: h("ul.legend", null, kinds.filter(([name]) => buckets.some((each) => kind(each) === name)).map(([name, place]) => h("li.row", null, h("span.dot", { class: `series-${place + 1}` }), name))),
    }),
    h("div.grid", null,
      h("div.w6", null, card("What the files tell", h("span.muted.small", null, "Days with each kind of field"), table({
        caption: "Days with each kind of field", heads: ["Field", "Days"],
        rows: Object.entries(own.days_with).map(([name, count]) => [words(name.replace("has_", "")), count === own.days ? state(true, "all days") : count ? `${number(count)} of ${number(own.days)}` : "none"]),
      }))),
      h("div.w6", null, card("Columns that no file has", h("span.muted.small", null, number(own.missing_columns.length)), own.missing_columns.length ? table({
        caption: "Columns that no file has", heads: ["Column", "Why"], left: 2, rows: own.missing_columns.map((each) => [each.column, each.reason]),
      }) : h("p.muted", null, "None: the files have every column.")))),
    how(trend),
  ];
}

/** Quality */

const COULD_NOT = "the files cannot tell";

function checkCard(check) {
  return chartCard({
    title: words(check.name), name: check.name, size: "short", label: `${check.note} By day`, json: address("quality"),
    option: lines({ labels: check.by_day.map((each) => day(each.day)), titles: check.by_day.map((each) => day(each.day, { year: true, weekday: true })), format: number, axis: compact,
      lines: [{ name: "Affected", place: 0, values: check.by_day.map((each) => each.affected) }], area: true }),
    table: { heads: ["Day", "Affected", "Of", "Share"], rows: check.by_day.map((each) => [each.day, each.affected === null ? COULD_NOT : number(each.affected), number(each.total), percent(each.share, 2)]) },
    above: h("p.muted", null, check.note),
  });
}

async function showQuality({ check: chosen }) {
  const [{ quality }, { status }] = await Promise.all([get("quality"), get("status")]);
  if (!quality.length) return [nothing("No checks", "No day of this property was checked.", "data")];
  const verified = (status.verification ?? []).find((each) => each.dataset === status.dataset);
  const sorted = quality.toSorted((one, other) => (other.days_affected - one.days_affected) || one.name.localeCompare(other.name));
  const found = sorted.filter((each) => each.days_affected);
  const shown = quality.find((each) => each.name === chosen) ?? found[0] ?? sorted[0];
  const open = (name) => { go({ check: name }); show(); };
  return [
    bigNumbers([
      { name: "Checks", value: number(quality.length), more: "on every day" },
      { name: "Found something", value: number(found.length), more: "on one day or more" },
      { name: "Found nothing", value: number(sorted.filter((each) => each.days && !each.days_affected).length), more: "on any day" },
      { name: "Could not look", value: number(sorted.filter((each) => !each.days).length), more: COULD_NOT },
      ...(verified ? [{ name: "SQL and index", value: verified.agrees ? "agree" : "differ", more: `${compact(verified.cells)} numbers, counted twice` }] : []),
    ]),
    checkCard(shown),
    card("Checks", [h("span.grow"), files("quality", "Checks")], table({
      caption: "Checks of the data", heads: ["Check", "State", "Days", "Affected, all days", wordy("What it looks for")], free: true,
      rows: sorted.map((each) => [
        button(words(each.name), () => open(each.name), { kind: "tiny quiet", "aria-pressed": String(each === shown) }),
        !each.days ? h("span.badge", null, COULD_NOT) : each.days_affected ? state(false, "found") : state(true, "nothing found"),
        each.days ? `${number(each.days_affected)} of ${number(each.days)}` : "", number(each.affected), wordy(each.note)]),
    })),
    howFacts(["Each check is counted in SQL for each day, when the models are built.", "Affected of all days is the sum over the days that could be looked at.", "“SQL and index” says whether the marts and the event index, which count apart, gave the same numbers at the last build."], "quality", "ws.status()", "ga4 status --json"),
  ];
}

/** Loads */

async function showLoads() {
  const [{ loads, rejected }, { status }] = await Promise.all([get("loads"), get("status")]);
  const own = status.datasets.find((each) => each.dataset === status.dataset);
  const whole = loads.filter((each) => each.rule === "(all)");
  const rules = loads.filter((each) => each.rule !== "(all)" && each.rejected_records);
  const recent = new Map(own.recent_loads.map((each) => [each.load_id, each]));
  return [
    bigNumbers([
      { name: "Loads", value: number(own.loads), more: `last at ${moment(own.last_load_at_us)}` },
      { name: "Rejected records", value: number(rejected), more: rejected ? `by ${Object.keys(own.rejects).length} rules` : "every record could be read" },
      { name: "Accepted damage", value: number(own.accepted_damage.length), more: "kinds of values that were left out" },
    ]),
    card("Loads", [h("span.muted.small", null, "The newest first"), h("span.grow"), files("loads", "Loads")], table({
      caption: "Loads, the newest first", heads: ["Load", "Ended", "Mode", "Shape", "Files", "Records", "Rejected", "Duplicates", "Suspects"], left: 4,
      rows: whole.map((each) => [each.load_id, moment(each.finished_at_us), each.mode, each.shape, number(each.files), number(each.records),
        each.rejected_records ? `${number(each.rejected_records)} (${percent(each.rejected_share, 2)})` : "none", number(recent.get(each.load_id)?.duplicates), number(recent.get(each.load_id)?.suspects)]),
    })),
    card("Rejected records", h("span.muted.small", null, "Kept in the warehouse with their line: ", h("code", null, "ga4 rejects"), " shows them"), rules.length ? table({
      caption: "Rejected records by load and rule", heads: ["Rule", "Load", "Records", "Share"], left: 2,
      rows: rules.map((each) => [each.rule, each.load_id, number(each.rejected_records), percent(each.rejected_share, 2)]),
    }) : h("p.muted", null, "None.")),
    own.accepted_damage.length > 0 && card("Accepted damage", null, table({
      caption: "Damaged values that were accepted", heads: ["Column", "Rule", "File", "Why", "Records", "First line", "Example"], left: 4,
      rows: own.accepted_damage.map((each) => [each.column, each.rule, each.file, each.reason, number(each.records), number(each.first_line), each.example ?? ""]),
    })),
    howFacts(["A load is what one `ga4 load` read; its records are counted as they are read, before anything is left out.", "A record that cannot be read is rejected by the first rule that it breaks, and kept with its file and line."], "loads", "ws.loads()", "ga4 loads --json"),
  ];
}

/** Events and columns */

function searchBox(label, search) {
  const input = h("input", { type: "search", "aria-label": label, placeholder: "Search", value: search, spellcheck: "false" });
  const box = h("div.searchbox.drawn", null, input);
  box.draw = () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of root.querySelectorAll("[data-words]")) row.hidden = !row.dataset.words.includes(wanted);
    for (const row of root.querySelectorAll("[data-table] tbody tr")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  };
  input.addEventListener("input", () => { go({ search: input.value.trim() }, true); box.draw(); });
  return box;
}

async function showFields({ search }) {
  const [events, columns] = await Promise.all([list("events"), list("columns")]);
  const searched = (node) => { node.dataset.table = ""; return node; };
  return [
    searchBox("Search events and columns", search),
    h("div.grid", null,
      h("div.w6", null, searched(card("Events", [h("span.muted.small", null, number(events.length)), h("span.grow"), files("events", "Events")], table({
        caption: "Events", heads: ["Event", "Events", "Users"], free: true,
        rows: events.slice(0, 500).map((each) => [h("a", { href: pageAddress("trends", { series: eventText({ names: [each.name] }) }) }, each.name), number(each.events), number(each.users)]),
      })))),
      h("div.w6", null, searched(card("Columns", [h("span.muted.small", null, number(columns.length)), h("span.grow"), files("columns", "Columns")], table({
        caption: "Columns", heads: ["Column", "Kind", "Values", wordy("What it is")], left: 2, free: true,
        rows: columns.map((each) => [each.name, each.kind, number(each.values), wordy(each.words)]),
      }))))),
    howFacts(["Events and users are those of all days of the index.", "A column’s values are the different ones that it holds."], "events", "ws.index().names.texts()", "ga4 events\nga4 columns"),
  ];
}

/** Definitions */

async function showDefinitions({ search }) {
  const { definitions } = await get("definitions");
  return [
    h("p.muted", null, "What each number of the marts means, and what holds it against the truth: the index recounts it at every build, an oracle in the tests counts it again, or examples alone."),
    searchBox("Search definitions", search),
    definitions.map((each) => {
      const text = [each.name, each.words, ...each.columns.flatMap((column) => [column.name, column.words])].join(" ").toLowerCase();
      return h("details.card.how.mart", { "data-words": text, "aria-label": each.name, open: definitions.length < 3 },
        h("summary", null, icon("right"), h("code", null, each.name), h("span.grow.cut.small", null, each.words)),
        h("div.body", null, h("p", null, each.words), table({
          caption: `Columns of ${each.name}`, heads: ["Column", "Type", "Verified by", wordy("Meaning")], left: 4, free: true,
          rows: each.columns.map((column) => [column.name, column.type, column.verified_by || "tests", wordy(column.words)]),
        })));
    }),
  ];
}

const SHOW = { days: showDays, quality: showQuality, loads: showLoads, fields: showFields, definitions: showDefinitions };

async function show() {
  const given = params();
  ready(false);
  root.setAttribute("aria-busy", "true");
  const views = h("div.row", null, switcher("What to see", VIEWS, given.view, (view) => { go({ view, check: "", search: "" }); show(); }));
  let nodes;
  try {
    nodes = facts.last ? await SHOW[given.view](given) : [nothing("No days are loaded", "Load an export with `ga4 load`, then build with `ga4 build`.", "data")];
  } catch (error) {
    if (!error.title) console.error(error);
    nodes = [wrong(error)];
  }
  if (params().view !== given.view) return;
  const focus = document.activeElement?.textContent;
  fill(root, views, nodes);
  if (focus) [...root.querySelectorAll("button")].find((each) => each.textContent === focus)?.focus({ preventScroll: true });
  tidy();
  for (const node of root.querySelectorAll(".card, .drawn")) node.draw?.();
  root.setAttribute("aria-busy", "false");
  say("It is shown.");
  ready(true);
}

fill(document.getElementById("tools"), shareButton());
window.addEventListener("popstate", show);
await show();
