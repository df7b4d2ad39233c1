// Numbers over time; on how many days users come; who is new, stays, comes back and goes.

import { bigNumbers, chartCard, downloads, finality, how, legend, nothing } from "../answer.js";
import { bars, lines } from "../charts.js";
import { button, h } from "../dom.js";
import { explore, without } from "../explore.js";
import { NOTHING, bucket, compact, day, number, percent, range, signed, usd } from "../format.js";
import { breakdown, choice, conditions, eventRow, numberColumns, section, segmentPicker, switcher } from "../parts.js";
import { picker } from "../picker.js";
import { eventOf, eventText, unread } from "../words.js";

const MEASURES = [
  ["events", "Events"], ["users", "Users"], ["sessions", "Sessions"], ["per_user", "Events per user"], ["sum", "Sum of a property"],
  ["average", "Average of a property"], ["min", "Least of a property"], ["max", "Greatest of a property"], ["percentile", "Percentile of a property"],
  ["percentile_per_user", "Percentile per user"], ["active_users", "Active users"], ["new_users", "New users"],
  ["engaged_sessions", "Engaged sessions"], ["rolling_7d_users", "Active users, 7 days"], ["rolling_28d_users", "Active users, 28 days"],
];
const WITH_COLUMN = ["sum", "average", "min", "max", "percentile"];
const GRAINS = [["hour", "Hour"], ["day", "Day"], ["week", "Week"], ["month", "Month"]];
const UNITS = GRAINS.slice(1);
const COMPARE = [["", "Nothing"], ["period", "The days right before"], ["1 week", "A week earlier"], ["4 week", "4 weeks earlier"], ["1 month", "A month earlier"], ["12 month", "A year earlier"]];
const TABS = [["trends", "Trend"], ["stickiness", "Stickiness"], ["lifecycle", "Lifecycle"]];
const LIFE = [["new", "New"], ["returning", "Returning"], ["resurrecting", "Resurrecting"], ["dormant", "Dormant"]];
const ANY = { names: [], where: [], raw: null, label: "" };
const letter = (place) => String.fromCharCode(65 + place);
const tabOf = (params) => (TABS.some(([name]) => name === params.get("tab")) ? params.get("tab") : "trends");

function seriesText(one) {
  const text = eventText(one.event);
  if (one.measure === "events") return text;
  const rank = `p${one.percentile}`;
  const name = { percentile: rank, percentile_per_user: `${rank}_per_user` }[one.measure] ?? one.measure;
  return `${name}${one.column ? `(${one.column})` : ""} of ${text}`;
}

function read(spec, params) {
  const tab = tabOf(params);
  const plain = { tab, series: [{ event: ANY, measure: "users", column: null, percentile: 50 }], granularity: "day", formulas: [], compare: "", event: unread(params.get("event") ?? "*"), unit: "day", week_starts: "monday" };
  if (!spec) return plain;
  if (tab !== "trends") return { ...plain, event: eventOf(spec.event), unit: spec.unit, week_starts: spec.week_starts };
  const before = spec.compare;
  return {
    ...plain, granularity: spec.granularity, formulas: [...spec.formulas], week_starts: spec.week_starts,
    series: spec.series.map((each) => ({ event: eventOf(each.event), measure: each.measure, column: each.column, percentile: each.percentile })),
    compare: before ? (before.unit === "period" && before.count === 1 ? "period" : `${before.count} ${before.unit}`) : "",
  };
}

function write(q) {
  const params = [];
  if (q.tab === "trends") {
    for (const one of q.series) params.push(["series", seriesText(one)]);
    for (const formula of q.formulas.filter(Boolean)) params.push(["formula", formula]);
    if (q.granularity !== "day") params.push(["granularity", q.granularity]);
    if (q.compare) params.push(["compare", q.compare]);
  } else {
    params.push(["tab", q.tab], ["event", eventText(q.event)]);
    if (q.unit !== "day") params.push(["unit", q.unit]);
  }
  if (q.week_starts !== "monday") params.push(["week_starts", q.week_starts]);
  return params;
}

function seriesRow(q, set, one, place) {
  const change = (changed) => set({ series: q.series.with(place, { ...one, ...changed }) });
  const column = WITH_COLUMN.includes(one.measure) || ((one.measure === "per_user" || one.measure === "percentile_per_user") && one.column);
  const label = `series ${letter(place)}`;
  const measure = h("select", {
    "aria-label": `Measure of ${label}`,
    onchange: (event) => change({ measure: event.target.value, column: WITH_COLUMN.includes(event.target.value) ? one.column ?? "revenue_usd" : null }),
  }, MEASURES.map(([value, text]) => h("option", { value, selected: value === one.measure }, text)));
  const extra = [
    measure,
    column && picker({ label: `Property of ${label}`, shown: one.column ?? "Property", options: numberColumns, chosen: [one.column], onpick: (name) => change({ column: name }) }),
    one.measure.startsWith("percentile") && h("input", {
      type: "number", min: "1", max: "99", "aria-label": `Percentile of ${label}`, value: one.percentile, onchange: (event) => change({ percentile: Number(event.target.value) }),
    }),
  ];
  return eventRow({
    event: one.event, label, mark: letter(place), extra, onchange: (event) => change({ event }),
    onremove: q.series.length > 1 ? () => set({ series: q.series.toSpliced(place, 1) }) : null,
  });
}

function trendControls(q, set) {
  return [
    section("Series", null, h("ol.stack", null, q.series.map((one, place) => seriesRow(q, set, one, place))),
      h("div.row", null,
        q.series.length < 8 && button("Add series", () => set({ series: [...q.series, { event: ANY, measure: "users", column: null, percentile: 50 }] }), { kind: "tiny", symbol: "plus" }),
        button("Add formula", () => set({ formulas: [...q.formulas, q.series.length > 1 ? "B / A" : "A"] }), { kind: "tiny", symbol: "plus" })),
      q.formulas.map((formula, place) => h("div.row", null,
        h("input.grow", { type: "text", "aria-label": `Formula ${place + 1}`, value: formula, spellcheck: "false", onchange: (event) => set({ formulas: q.formulas.with(place, event.target.value) }) }),
        button(`Remove formula ${place + 1}`, () => set({ formulas: q.formulas.toSpliced(place, 1) }), { kind: "quiet tiny square", symbol: "x", bare: true })))),
    section("Time", null, switcher("Bucket", GRAINS, q.granularity, (granularity) => set({ granularity })),
      choice("Compare with", COMPARE, q.compare, (compare) => set({ compare }))),
  ];
}

function controls(q, set) {
  const own = q.tab === "trends" ? trendControls(q, set) : [
    section("Event", null, h("ol", null, eventRow({ event: q.event, label: "the event", mark: "A", onchange: (event) => set({ event }) }))),
    section("Counted in", null, switcher("Unit", UNITS, q.unit, (unit) => set({ unit }))),
  ];
  return [
    ...own,
    section("Break down by", q.by.length ? choice("Groups", [5, 10, 20, 50].map((each) => [String(each), `Top ${each}`]), String(q.top), (top) => set({ top: Number(top) }), { unseen: true }) : null,
      breakdown(q.by, (by) => set({ by }))),
    section("Only events with", button("Add a condition", () => set({ where: [...q.where, { column: "", operator: "is", values: [] }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
      conditions(q.where, (where) => set({ where }), "all events")),
    section("Users", null, segmentPicker(q.segment, (segment) => set({ segment }))),
  ];
}

const isMoney = (spec) => {
  const columns = spec.series.map((each) => each.column);
  return !spec.formulas.length && columns.every((name) => name?.endsWith("_usd"));
};

/** By how much a line changed, as the answer tells it. */
function changed(change, before) {
  if (change === null) return [`before: ${before}`];
  return [h("span", { class: change > 0 ? "up" : change < 0 ? "down" : "" }, change ? signed(change) : "unchanged"), ` from ${before}`];
}

function drawTrend(answer, q, { params }) {
  const { spec, buckets, lines: found, previous, changes } = answer;
  const format = isMoney(spec) ? (value) => usd(value) : number;
  const axis = isMoney(spec) ? (value) => usd(value, { brief: true }) : compact;
  if (!found.length) return [nothing("No events", "No event of these days meets the conditions."), how(answer)];
  const several = spec.series.length + spec.formulas.length > 1;
  const nameOf = (line) => [several || !line.group.length ? line.label : null, line.group.map((each) => each ?? "(none)").join(" · ")].filter(Boolean).join(" · ");
  const shown = found.slice(0, 12);
  const drawn = shown.map((line, place) => ({ name: nameOf(line), values: line.values, place }));
  const before = previous.slice(0, 12).map((line, place) => ({ name: `${nameOf(line)}, before`, values: line.values.slice(0, buckets.length), place, dashed: true }));
  const labels = buckets.map((each) => bucket(each.start, spec.granularity));
  const label = `${drawn.map((each) => each.name).join(", ")} by ${spec.granularity}`;
  const facts = shown.slice(0, 5).map((line, place) => ({
    name: nameOf(line), value: format(line.total),
    more: previous[place] ? changed(changes[place], format(previous[place].total)) : line.total === null ? "No total: see how it is computed" : "all days together", title: nameOf(line),
  }));
  const heads = [spec.granularity[0].toUpperCase() + spec.granularity.slice(1), ...found.map(nameOf), ...previous.map((line) => `${nameOf(line)}, before`), "State"];
  const rows = buckets.map((each, at) => [
    each.start.slice(0, 16).replace("T", " "), ...found.map((line) => format(line.values[at])),
    ...previous.map((line) => format(line.values[at])), each.is_final ? "final" : each.is_complete ? "complete" : "incomplete",
  ]);
  return [
    bigNumbers(facts),
    chartCard({
      title: "Trend", badge: finality(answer.finality), label, name: "trends", ...downloads("trends", params),
      option: lines({ labels, titles: buckets.map((each) => (spec.granularity === "day" ? day(each.start, { year: true, weekday: true }) : bucket(each.start, spec.granularity))), lines: [...drawn, ...before], format, axis, complete: buckets.map((each) => each.is_complete), area: drawn.length === 1 }),
      size: "tall", table: { heads, rows }, under: legend(drawn, found.length),
    }),
    how(answer),
  ];
}

function drawStickiness(answer, q, { params }) {
  const groups = answer.groups.filter((each) => each.users);
  if (!groups.length) return [nothing("Nobody", "No user of these days meets the conditions."), how(answer)];
  const unit = answer.spec.unit;
  const nameOf = (group) => group.group.map((each) => each ?? "(none)").join(" · ") || "All users";
  const numbers = groups[0].sticks.map((each) => String(each.days));
  const shown = groups.slice(0, 8);
  const find = (days) => groups[0].sticks.find((each) => each.days === days);
  return [
    bigNumbers([
      { name: "Users", value: number(groups[0].users), more: nameOf(groups[0]) },
      ...[2, 3, 7, 14].filter(find).map((days) => {
        const { share, at_least: users } = find(days);
        return { name: `${days} or more ${unit}s`, value: percent(share?.value), more: `${number(users)} users, ${range(share?.low, share?.high)}` };
      }),
    ]),
    chartCard({
      title: `Users by number of ${unit}s`, badge: finality(answer.finality), name: "stickiness", ...downloads("stickiness", params),
      label: `Share of users with so many ${unit}s or more`,
      option: bars({ labels: numbers, titles: numbers.map((each) => `${each} or more ${unit}s`), format: percent, axis: (value) => percent(value, 0), most: 1,
        bars: shown.map((group, place) => ({ name: nameOf(group), place, values: group.sticks.map((each) => each.share?.value ?? null) })) }),
      table: {
        heads: [`${unit}s`, ...groups.flatMap((group) => [`${nameOf(group)}: exactly`, "at least", "share", "95% interval"])],
        rows: numbers.map((each, at) => [each, ...groups.flatMap((group) => {
          const stick = group.sticks[at];
          return [number(stick?.exactly), number(stick?.at_least), percent(stick?.share?.value), range(stick?.share?.low, stick?.share?.high)];
        })]),
      },
      under: legend(shown.map((group, place) => ({ name: nameOf(group), place })), groups.length),
    }),
    how(answer),
  ];
}

function drawLifecycle(answer, q, { params, set }) {
  const { buckets, groups, spec } = answer;
  if (!groups.length) return [nothing("Nobody", "No user of these days meets the conditions."), how(answer)];
  const group = groups[0];
  const nameOf = (each) => each.group.map((value) => value ?? "(none)").join(" · ");
  const labels = buckets.map((each) => bucket(each.start, spec.unit));
  return [
    chartCard({
      title: nameOf(group) ? `Lifecycle of ${nameOf(group)}` : "Lifecycle", badge: finality(answer.finality), name: "lifecycle", ...downloads("lifecycle", params),
      label: `New, returning, resurrecting and dormant users by ${spec.unit}`, size: "tall",
      option: bars({ labels, format: number, axis: compact, stacked: true,
        bars: LIFE.map(([name, text], place) => ({ name: text, place, values: group[name] })),
        total: (at) => (group.pulse[at] === null ? "" : `Pulse ${group.pulse[at].toFixed(2)}: new and resurrecting for each one who goes`) }),
      table: {
        heads: [spec.unit, ...groups.flatMap((each) => [...LIFE.map(([, text]) => [nameOf(each), text].filter(Boolean).join(" ")), "Pulse"])],
        rows: buckets.map((each, at) => [each.start, ...groups.flatMap((one) => [...LIFE.map(([name]) => number(one[name][at])), one.pulse[at]?.toFixed(2) ?? NOTHING])]),
      },
      under: legend(LIFE.map(([, name], place) => ({ name, place })), 4),
    }),
    how(answer),
  ];
}

const DRAW = { trends: drawTrend, stickiness: drawStickiness, lifecycle: drawLifecycle };

function tabs(q, set) {
  return switcher("Kind of answer", TABS, q.tab, (tab) => set({ tab, compare: "" }));
}

export const page = {
  asked: (params) => ({ path: tabOf(params), params: without(params, "tab") }),
  start: async (params) => (tabOf(params) === "trends" ? [["series", "users of *"]] : [["event", "*"]]),
  read,
  write,
  controls,
  draw: (answer, q, tools) => [h("div.row", null, tabs(q, tools.set)), ...DRAW[q.tab](answer, q, tools)],
};
explore(page);
