// The experiments that ga4.toml declares: what each says, whether its split is sound, and by how much.

import { get } from "../api.js";
import { bigNumbers, chartCard, downloads, finality, how, nothing, table } from "../answer.js";
import { categoryAxis, color, look, tip, tooltip, valueAxis } from "../charts.js";
import { button, fill, h, icon } from "../dom.js";
import { explore } from "../explore.js";
import { NOTHING, number, percent, signed } from "../format.js";
import { breakdown, conditions, section, segmentPicker } from "../parts.js";
import { takeaway } from "../takeaway.js";

const OUTCOMES = {
  better: ["Better", "good"], worse: ["Worse", "bad"], mixed: ["Mixed", "warn"], no_difference_shown: ["No difference shown", ""],
  too_little_data: ["Too little data", "warn"], withheld: ["Withheld", "bad"],
};
const ROLES = { primary: "decides", secondary: "secondary", guardrail: "guardrail" };
const TESTS = { z_test: "z-test", fisher_exact: "Fisher’s exact test", welch: "Welch’s t-test", always_valid: "always-valid test" };
const PROPORTIONS = ["conversion", "retention", "funnel"];

const read = (spec, params) => ({ name: params.get("name") ?? spec?.name ?? "" });
const write = (q) => [["name", q.name]];

async function start() {
  const { experiments } = await get("experiments");
  return experiments.length ? [["name", experiments[0].name]] : null;
}

const none = () => nothing("No experiment is declared", "Declare one under [[experiments]] in ga4.toml and start the page again; docs/experiments.md says how.", "experiments");

function controls(q, set) {
  const list = h("ul.kinds.stack");
  const shown = (experiments) => fill(list, experiments.map((each) => h("li", null, button(each.name, () => set({ name: each.name, by: [], where: [] }), { "aria-pressed": String(each.name === q.name), kind: each.name === q.name ? "tiny primary" : "tiny" }), each.is_simulated && h("small.muted", null, " simulated"))));
  shown([{ name: q.name }]);
  get("experiments").then(({ experiments }) => shown(experiments)).catch(() => null);
  return [
    section("Experiment", null, list),
    section("Tell apart by", null, breakdown(q.by, (by) => set({ by }))),
    section("Only events with", button("Add a condition", () => set({ where: [...q.where, { column: "", operator: "is", values: [] }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
      conditions(q.where, (where) => set({ where }), "all events")),
    section("Users", null, segmentPicker(q.segment, (segment) => set({ segment }))),
  ];
}

const valueText = (metric, value) => (value === null || value === undefined ? NOTHING : PROPORTIONS.includes(metric.kind) ? percent(value, 2) : number(value));
const pText = (p) => (p === null || p === undefined ? NOTHING : p < 0.0001 ? "< 0.0001" : p.toFixed(4));
const between = (low, high, text) => (low === null || low === undefined ? "" : `${text(low)} to ${text(high)}`);
const tone = (each) => (!each.is_significant || each.is_better === null ? "muted" : each.is_better ? "good" : "bad");
const groupName = (group) => group.map((each) => each ?? "(none)").join(" · ");

/** A row a metric and variant that is held against the control. */
const comparisons = (metrics) => metrics.flatMap((metric) => metric.differences.map((each) => ({
  metric, each, value: metric.values.find((one) => one.variant === each.variant), control: metric.values[0] })));

function verdictCard(answer) {
  const [text, kind] = OUTCOMES[answer.outcome] ?? [answer.outcome, ""];
  const ratio = answer.sample_ratio;
  return h("section.card", { "aria-label": "Verdict" }, h("header", null, h("h2", null, "Verdict"), h("span.badge", { class: kind }, text), finality(answer.finality)),
    h("div.body.stack", null,
      answer.is_simulated && h("p.notice", null, icon("alert"), "The split is a simulation: no variant was shown to anybody. It tells what chance alone does."),
      ratio?.is_mismatch && h("p.notice", { role: "alert" }, icon("alert"), `Units did not split as they were meant to (p ${pText(ratio.p_value)}): something decides who is counted, and no difference can be believed.`),
      h("p.verdict", null, answer.verdict), h("p.muted", null, answer.deciding)));
}

function forestOption(rows) {
  return ({ width }) => {
    const { text, label } = look();
    const names = rows.map(({ metric, each }) => `${metric.metric} · ${each.variant}`);
    const ends = rows.map(({ each }) => each.lift);
    const known = ends.filter(Boolean).flatMap((each) => [each.low, each.high, each.value]).filter((each) => each !== null && Number.isFinite(each));
    const far = Math.max(0.02, ...known.map(Math.abs)) * 1.04;
    const most = far > 0.4 ? Math.ceil(far * 2) / 2 : Math.ceil(far * 20) / 20; // so that the axis ends on a round number
    return {
      grid: { left: 6, right: 22, top: 10, bottom: 6, containLabel: true },
      xAxis: { ...valueAxis((value) => signed(value)), min: -Math.min(most, 3), max: Math.min(most, 3), axisLabel: { ...text, formatter: (value) => signed(value), hideOverlap: true } },
      yAxis: categoryAxis(names, { boundaryGap: true, inverse: true, axisLabel: { ...label, fontWeight: 500, width: Math.min(260, width * 0.34), overflow: "truncate" } }),
      tooltip: tooltip((params) => forestTip(rows[params.dataIndex]), { trigger: "item" }),
      series: [
        { type: "line", data: [], markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: color("line-strong"), type: "solid" }, data: [{ xAxis: 0 }] } },
        { type: "custom", data: ends.map((each, at) => [each?.value ?? 0, at, each?.low ?? 0, each?.high ?? 0]), encode: { x: [0, 2, 3], y: 1 }, clip: true,
          renderItem: (params, api) => {
            const row = rows[params.dataIndex];
            if (!row.each.lift) return null;
            const tint = color(tone(row.each));
            const [x, y] = api.coord([api.value(0), api.value(1)]);
            const [from] = api.coord([api.value(2), api.value(1)]);
            const [to] = api.coord([api.value(3), api.value(1)]);
            return { type: "group", children: [
              { type: "rect", shape: { x: from, y: y - 12, width: Math.max(1, to - from), height: 24 }, style: { fill: "transparent" } },
              { type: "line", shape: { x1: from, x2: to, y1: y, y2: y }, style: { stroke: tint, lineWidth: 2 } },
              ...[from, to].map((at) => ({ type: "line", shape: { x1: at, x2: at, y1: y - 5, y2: y + 5 }, style: { stroke: tint, lineWidth: 2 } })),
              { type: "rect", shape: { x: x - 4.5, y: y - 4.5, width: 9, height: 9, r: 2 }, style: { fill: tint } }] };
          } },
      ],
    };
  };
}

function forestTip({ metric, each, value, control }) {
  return tip(`${metric.metric}, ${each.variant}`, [
    { name: each.variant, value: valueText(metric, value?.value) }, { name: control.variant, value: valueText(metric, control.value) },
    { name: "Relative difference", value: signed(each.lift?.value) }, { name: "Interval", value: between(each.lift?.low, each.lift?.high, signed) },
    { name: "p, corrected", value: pText(each.p_adjusted ?? each.p_value) }]);
}

const HEADS = ["Metric", "Role", "Variant", "Value", "Control", "Difference", "Relative", "Interval", "p", "p, corrected", "Decided by", "Significant", "Chance to be best"];
const cells = ({ metric, each, value, control }) => [
  metric.metric, ROLES[metric.role], each.variant, valueText(metric, value?.value), valueText(metric, control.value), valueText(metric, each.difference), signed(each.lift?.value), between(each.lift?.low, each.lift?.high, signed),
  pText(each.p_value), pText(each.p_adjusted), TESTS[each.decides] ?? NOTHING,
  each.guardrail ? (each.guardrail.holds ? "guardrail holds" : "guardrail does not hold") : each.is_significant ? (each.is_better ? "yes, better" : "yes, worse") : "no", percent(value?.posterior?.chance_best)];

function metricsCard(answer, { params }) {
  const rows = comparisons(answer.metrics);
  if (!rows.length) return nothing("Nothing to compare", "There are fewer than two variants with units.", "experiments");
  return chartCard({
    title: "Difference to the control", name: "experiment", ...downloads("experiment", params), size: rows.length > 6 ? "tall" : "",
    label: "Relative difference of each metric and variant to the control, with its interval", option: forestOption(rows),
    table: { heads: HEADS, rows: rows.map(cells), left: 3 },
    under: h("ul.legend", null, [["good", "significant, better"], ["bad", "significant, worse"], ["muted", "not significant"]].map(([name, text]) => h("li.row", null, h("span.dot", { class: `tone-${name}` }), text))),
  });
}

function unitsCard(answer) {
  const ratio = answer.sample_ratio;
  const left = [["In two variants", answer.excluded.in_two_variants], ["Without a variant", answer.excluded.without_variant], ["In variants that are not asked for", answer.excluded.other_variants], ["Without a time", answer.excluded.without_time]];
  return h("div.grid", null,
    h("div.w6", null, h("section.card", { "aria-label": "Split" }, h("header", null, h("h2", null, "Split"), ratio && h("span.badge", { class: ratio.is_mismatch ? "bad" : "good" }, icon(ratio.is_mismatch ? "alert" : "check"), ratio.is_mismatch ? "not as meant" : "as meant")),
      h("div.body", null, table({ caption: "Units of each variant", heads: ["Variant", "Units", "Expected"], rows: answer.variants.map((name, at) => [name, number(answer.units[at]), number(ratio?.expected[at])]) }),
        ratio && h("p.small.muted", null, `Chi-square ${ratio.chi_square.toPrecision(3)}, p ${pText(ratio.p_value)}; at every look p ${pText(ratio.sequential_p_value)}.`)))),
    h("div.w6", null, h("section.card", { "aria-label": "Left out" }, h("header", null, h("h2", null, "Left out")),
      h("div.body", null, table({ caption: "Units that are in no variant", heads: ["Units", "How many"], rows: [...left, ["Exposed before the first day (they count)", answer.exposed_before]].map(([name, count]) => [name, number(count)]) })))));
}

function groupsCard(answer, { params }) {
  if (!answer.groups.length) return null;
  const rows = answer.groups.flatMap((group) => comparisons(group.metrics).map((each) => [groupName(group.group), ...cells(each).slice(0, 12)]));
  const inside = table({ caption: "The deciding metrics by group", heads: ["Group", ...HEADS.slice(0, 12)], rows, left: 4 });
  return h("section.card", { "aria-label": "By group" }, h("header", null, h("h2", null, "By group"), h("span.muted.small", null, answer.spec.query.by.join(", ")), h("span.grow"),
    takeaway({ title: "By group", name: "experiment-groups", json: downloads("experiment", params).json, table: () => inside.querySelector("table") })), h("div.body.stack", null, inside,
    answer.heterogeneity.map((each) => h("p.small.muted", null, `${each.metric}, ${each.variant}: whether groups differ, Cochran’s Q ${number(each.statistic)} over ${each.groups} groups, p ${pText(each.p_value)}, corrected ${pText(each.p_adjusted)}.`))));
}

function draw(answer, q, tools) {
  return [
    verdictCard(answer),
    bigNumbers(answer.variants.slice(0, 5).map((name, at) => ({ name, title: name, value: number(answer.units[at]), more: name === answer.control ? "units, the control" : "units" }))),
    metricsCard(answer, tools), groupsCard(answer, tools), unitsCard(answer), how(answer),
  ];
}

export const page = { asked: (params) => ({ path: "experiment", params }), start, none, read, write, controls, draw };
explore(page);
