// Who comes back: the pooled curve, and each cohort period by period.

import { bigNumbers, chartCard, downloads, finality, how, legend, nothing } from "../answer.js";
import { lines } from "../charts.js";
import { button, h } from "../dom.js";
import { explore } from "../explore.js";
import { takeaway } from "../takeaway.js";
import { NOTHING, day, number, percent, range } from "../format.js";
import { breakdown, choice, conditions, eventRow, section, segmentPicker, switcher } from "../parts.js";
import { eventOf, eventText, unread } from "../words.js";

const UNITS = [["day", "Day"], ["week", "Week"], ["month", "Month"]];
const MODES = [["bounded", "On"], ["unbounded", "On or after"], ["bracket", "Within"]];
const ENTRY = [["first_ever", "First ever"], ["first_in_range", "First of these days"], ["recurring", "Every time"]];
const CLOCKS = [["calendar", "Calendar"], ["rolling", "24-hour windows"]];
const LENGTHS = { day: [7, 14, 30, 60, 90], week: [4, 8, 12, 26], month: [3, 6, 12] };
const KEPT = ["week_starts", "value", "bootstrap", "seed"];
const groupName = (group) => group.map((each) => each ?? "(none)").join(" · ") || "All users";

function read(spec, params) {
  if (!spec) return { start: unread(params.get("start_event") ?? "*"), returns: unread(params.get("return_event") ?? "*"), unit: "day", mode: "bounded", entry: "first_ever", clock: "calendar", periods: 30, brackets: "", truncated: false };
  return {
    start: eventOf(spec.start), returns: eventOf(spec.returns), unit: spec.unit, mode: spec.mode, entry: spec.entry, clock: spec.clock,
    periods: spec.periods, brackets: spec.brackets.map((pair) => pair.join("-")).join(","), truncated: spec.include_left_truncated,
  };
}

function write(q) {
  const params = [["start_event", eventText(q.start)], ["return_event", eventText(q.returns)]];
  if (q.unit !== "day") params.push(["unit", q.unit]);
  if (q.mode === "bracket") params.push(["brackets", q.brackets || "1-7,8-14,15-30"]);
  else if (q.mode !== "bounded") params.push(["mode", q.mode]);
  if (q.entry !== "first_ever") params.push(["entry", q.entry]);
  if (q.clock !== "calendar") params.push(["clock", q.clock]);
  if (q.truncated) params.push(["include_left_truncated", "true"]);
  if (q.periods !== 30) params.push(["periods", q.periods]);
  return params;
}

function controls(q, set) {
  const lengths = [...new Set([...LENGTHS[q.unit], q.periods])].sort((one, other) => one - other);
  return [
    section("Who starts with", null, h("ol", null, eventRow({ event: q.start, label: "the start event", mark: "A", onchange: (start) => set({ start }) })),
      choice("Which start", ENTRY, q.entry, (entry) => set({ entry })),
      q.entry === "first_ever" && h("label.check", null, h("input", { type: "checkbox", checked: q.truncated, onchange: (event) => set({ truncated: event.target.checked }) }), h("span", null, "Also who was there before the data"))),
    section("And comes back for", null, h("ol", null, eventRow({ event: q.returns, label: "the return event", mark: "B", onchange: (returns) => set({ returns }) }))),
    section("Periods", null,
      switcher("Unit", UNITS, q.unit, (unit) => set({ unit, periods: LENGTHS[unit][Math.min(2, LENGTHS[unit].length - 1)] })),
      h("div.pair", null, choice("Back", MODES, q.mode, (mode) => set({ mode })),
        choice("Followed for", lengths.map((each) => [String(each), `${each} ${q.unit}s`]), String(q.periods), (periods) => set({ periods: Number(periods) }))),
      q.mode === "bracket" && h("label.field", null, h("span", null, "Ranges of periods"), h("input", { type: "text", value: q.brackets, placeholder: "1-7,8-14,15-30", onchange: (event) => set({ brackets: event.target.value }) })),
      choice("Clock", CLOCKS, q.clock, (clock) => set({ clock }))),
    section("Break down by", q.by.length ? choice("Groups", [3, 5, 10].map((each) => [String(each), `Top ${each}`]), String(q.top), (top) => set({ top: Number(top) }), { unseen: true }) : null,
      breakdown(q.by, (by) => set({ by, ...(q.by.length ? {} : { top: 5 }) }))),
    section("Only events with", button("Add a condition", () => set({ where: [...q.where, { column: "", operator: "is", values: [] }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
      conditions(q.where, (where) => set({ where }), "all events")),
    section("Users", null, segmentPicker(q.segment, (segment) => set({ segment }))),
  ];
}

/** Periods that are worth a line: period 0 is everybody by definition. */
const told = (answer) => answer.periods.map((_, at) => at).filter((at) => answer.periods[at] !== "0");

function curveCard(answer, groups, params) {
  const places = told(answer);
  const unit = answer.spec.unit;
  const names = places.map((at) => answer.periods[at]);
  const title = unit[0].toUpperCase() + unit.slice(1);
  const low = (pooled) => pooled.boot_low ?? pooled.low;
  const high = (pooled) => pooled.boot_high ?? pooled.high;
  return chartCard({
    title: "Share who came back", badge: finality(answer.finality), label: `Share of users who came back, by ${unit} since their start`, name: "retention", ...downloads("retention", params),
    option: lines({
      labels: names, titles: names.map((each) => `${title} ${each}`), format: percent, axis: (value) => percent(value, Number.isInteger(value * 100) ? 0 : 1),
      lines: groups.slice(0, 8).map((each, place) => ({
        name: groupName(each.group), place, values: places.map((at) => each.pooled.rate[at]),
        low: groups.length < 4 ? places.map((at) => low(each.pooled)[at]) : null, high: places.map((at) => high(each.pooled)[at]),
      })),
    }),
    under: legend(groups.map((each, place) => ({ name: groupName(each.group), place }))),
    table: {
      heads: [title, ...groups.flatMap((each) => [groupName(each.group), "95% interval", "came back", "of users"])],
      rows: answer.periods.map((each, at) => [each, ...groups.flatMap(({ pooled }) => [
        percent(pooled.rate[at]), range(low(pooled)[at], high(pooled)[at]), pooled.rate[at] === null ? NOTHING : number(pooled.returned[at]), pooled.rate[at] === null ? NOTHING : number(pooled.users[at])])]),
    },
  });
}

function heatCard(answer, group, params) {
  const places = answer.periods.map((_, at) => at).slice(0, 61);
  const shared = told(answer);
  const rates = group.cohorts.flatMap((cohort) => shared.map((at) => cohort.rate[at])).filter((rate) => rate !== null);
  const most = Math.max(...rates, 1e-9);
  const cell = (rate, note, at) => {
    if (rate === null) return h("td.void", { title: `${note}: not complete yet` }, h("span", null, h("span.unseen", null, "not complete yet")));
    const inner = h("span", null, percent(rate));
    // How dark a cell is only repeats its number.
    if (answer.periods[at] !== "0") inner.style.backgroundColor = `rgb(var(--heat) / calc(var(--heat-most) * ${Math.sqrt(rate / most).toFixed(3)}))`;
    return h("td", { title: note }, inner);
  };
  const unit = answer.spec.unit;
  const row = (name, users, rate, counts, kind = "") => h("tr", { class: kind }, h("th", { scope: "row" }, name), h("td.size", null, number(users)),
    places.map((at) => cell(rate[at], `${name}, ${unit} ${answer.periods[at]}: ${number(counts[at])} came back`, at)));
  const heat = h("table.heat", null,
    h("caption.unseen", null, `Share of each cohort who came back, by ${unit}`),
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Cohort"), h("th", { scope: "col" }, "Users"), places.map((at) => h("th", { scope: "col" }, answer.periods[at])))),
    h("tbody", null, row("All", group.pooled.users[0], group.pooled.rate, group.pooled.returned, "pooled"),
      group.cohorts.map((cohort) => row(day(cohort.start, { year: unit === "month" }), cohort.users, cohort.rate, cohort.returned))));
  heat.style.minWidth = `${200 + 54 * places.length}px`;
  return h("section.card.later", { "aria-label": "Cohorts" },
    h("header", null, h("h2", null, `Cohorts by ${unit}`), h("span.muted.small", null, groupName(group.group)), h("span.grow"), h("span.row.small.muted", null, h("span.void-key", { "aria-hidden": "true" }), "not complete yet"),
      takeaway({ title: `Cohorts of ${groupName(group.group)}`, name: "cohorts", json: downloads("retention", params).json, table: () => heat })),
    h("div.body", null, h("div.scroll.heat-scroll", { tabindex: "0", role: "region", "aria-label": "Cohorts" }, heat)));
}

function draw(answer, q, { params }) {
  const groups = answer.groups.length ? answer.groups : [answer.overall];
  const { overall, spec } = answer;
  if (!overall.cohorts.length) return [nothing("Nobody started", "No user of these days begins a cohort. “First ever” leaves out who was there before the data."), how(answer)];
  const find = (name) => answer.periods.indexOf(name);
  const steps = { day: ["1", "7", "14", "30"], week: ["1", "2", "4", "8"], month: ["1", "2", "3", "6"] }[spec.unit].filter((name) => find(name) >= 0);
  const wanted = steps.length ? steps : answer.periods.slice(0, 4);
  return [
    bigNumbers([
      { name: spec.entry === "recurring" ? "Entries followed" : "Users followed", value: number(overall.pooled.users[0]), more: `with a complete ${spec.unit} ${answer.periods[0]}` },
      ...wanted.map((name) => ({
        name: `${spec.unit[0].toUpperCase()}${spec.unit.slice(1)} ${name}`, value: percent(overall.pooled.rate[find(name)]),
        more: overall.pooled.rate[find(name)] === null ? "not complete yet" : `${range(overall.pooled.low[find(name)], overall.pooled.high[find(name)], 2)} at 95%`,
      })),
    ]),
    curveCard(answer, groups, params),
    ...groups.slice(0, 5).map((group) => heatCard(answer, group, params)),
    how(answer),
  ];
}

export const page = {
  asked: (params) => ({ path: "retention", params }), keep: KEPT,
  start: async () => [["start_event", "*"], ["return_event", "*"]],
  read, write, controls, draw,
};
explore(page);
