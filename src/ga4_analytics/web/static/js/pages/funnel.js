// How many go from step to step, how fast, and where they stop.

import { list } from "../api.js";
import { bigNumbers, chartCard, downloads, finality, how, nothing } from "../answer.js";
import { bars, categoryAxis, color, look, seriesColor, tip, tooltip, valueAxis } from "../charts.js";
import { button, facts, h } from "../dom.js";
import { explore, without } from "../explore.js";
import { compact, day, duration, number, percent, range } from "../format.js";
import { breakdown, choice, conditions, eventRow, section, segmentPicker, switcher } from "../parts.js";
import { usersPanel } from "../userspanel.js";
import { eventOf, eventShown, eventText, spanShown, spanText, unread } from "../words.js";

const WINDOWS = ["30m", "1h", "1d", "7d", "14d", "30d", "90d", "none"];
const ORDERS = [["ordered", "Ordered"], ["strict", "Strict"], ["any", "Any order"]];
const COUNTING = [["user", "Users"], ["session", "Sessions"], ["attempt", "Attempts"]];
const RULES = [["ours", "Ours"], ["amplitude", "Amplitude"], ["mixpanel", "Mixpanel"], ["posthog", "PostHog"], ["ga4", "GA4"], ["growthbook", "GrowthBook"], ["clickhouse", "ClickHouse"], ["openpanel", "OpenPanel"], ["mitzu", "Mitzu"], ["umami", "Umami"]];
const ATTRIBUTION = [["first", "of the first event that has one"], ["last", "of the last event that has one"], ["all", "each group by its own events"]];
const VIEWS = [["steps", "Steps"], ["days", "By entry day"], ["time", "Time to convert"], ["rules", "Other tools’ rules"]];
const ANY = { names: [], where: [], raw: null, label: "" };
const many = { user: "users", session: "sessions", attempt: "attempts" };
const groupName = (group) => group.map((each) => each ?? "(none)").join(" · ");
const ruleName = (name) => RULES.find(([each]) => each === name)?.[1] ?? name;

function read(spec, params) {
  const view = VIEWS.some(([name]) => name === params.get("view")) ? params.get("view") : "steps";
  const plain = { view, steps: params.getAll("step").map(unread), window: "7d", order: "ordered", counting: "user", exclusions: [], rules: "ours", attribution: "first", step_window: params.get("step_window") ?? "", least: params.get("least") ?? "" };
  if (!spec) return plain;
  return {
    ...plain, steps: spec.steps.map((step, place) => ({ ...eventOf(step), optional: spec.optional.includes(place + 1) })), window: spanText(spec.window_seconds), order: spec.order, counting: spec.counting, rules: params.get("rules") ?? spec.rules,
    exclusions: spec.exclusions.map((each) => ({ event: eventOf(each.event), after: each.after, before: each.before })),
    attribution: spec.attribution_step === null ? spec.attribution : `${spec.attribution}:${spec.attribution_step}`,
  };
}

function exclusionText({ event, after, before }) {
  const text = eventText(event);
  return after === 1 && before === null ? text : `${text}@${after}-${before ?? ""}`;
}

/** Steps between the first and the last may be left out, where steps have an order. */
const mayBeOptional = (q, place) => q.order === "ordered" && place > 0 && place < q.steps.length - 1;
const isOptional = (q, place) => Boolean(q.steps[place].optional) && mayBeOptional(q, place);

function write(q) {
  const params = q.steps.map((step) => ["step", eventText(step)]);
  q.steps.forEach((step, place) => { if (isOptional(q, place)) params.push(["optional", place + 1]); });
  if (q.window !== "7d") params.push(["window", q.window]);
  if (q.order !== "ordered") params.push(["order", q.order]);
  if (q.counting !== "user") params.push(["per", q.counting]);
  for (const each of q.exclusions) params.push(["exclude", exclusionText(each)]);
  if (q.attribution !== "first") params.push(["attribution", q.attribution]);
  if (q.rules !== "ours") params.push(["rules", q.rules]);
  if (q.step_window) params.push(["step_window", q.step_window]);
  if (q.least) params.push(["least", q.least]);
  if (q.view !== "steps") params.push(["view", q.view]);
  return params;
}

/** The first funnel of a visit: one of the settings whose events are there, else the commonest. */
async function start() {
  const names = new Set((await list("events")).map((each) => each.name));
  const known = (facts.funnels ?? []).filter((each) => each.steps.every((step) => names.has(step)));
  const chosen = known.find((each) => each.name === "purchase") ?? known[0];
  const steps = chosen?.steps ?? [...names].slice(0, 3);
  return steps.map((step) => ["step", eventText({ names: [step] })]);
}

function stepList(q, set) {
  return h("ol.stack", null, q.steps.map((event, place) => eventRow({
    event, label: `step ${place + 1}`, mark: place + 1, note: isOptional(q, place) ? "Optional: later steps do not need it." : null,
    onchange: (changed) => set({ steps: q.steps.with(place, changed) }),
    onremove: q.steps.length > 1 ? () => set({ steps: q.steps.toSpliced(place, 1) }) : null,
    onup: place ? () => set({ steps: q.steps.toSpliced(place - 1, 2, event, q.steps[place - 1]) }) : null,
  })));
}

function exclusionList(q, set) {
  return h("ol.stack", null, q.exclusions.map((each, place) => eventRow({
    event: each.event, label: `exclusion ${place + 1}`, mark: "×", extra: between(q, each, (changed) => set({ exclusions: q.exclusions.with(place, changed) }), place),
    onchange: (event) => set({ exclusions: q.exclusions.with(place, { ...each, event }) }),
    onremove: () => set({ exclusions: q.exclusions.toSpliced(place, 1) }),
  })));
}

/** Between which steps an event ends an attempt. */
function between(q, each, change, place) {
  const numbers = q.steps.map((_, at) => at + 1);
  const select = (label, options, value, onchange) => h("select", { "aria-label": `${label}, exclusion ${place + 1}`, onchange: (event) => onchange(event.target.value) },
    options.map((option) => h("option", { value: option, selected: option === value }, String(option))));
  return h("div.between", null, "after", select("After step", numbers.slice(0, -1), each.after, (value) => change({ ...each, after: Number(value) })),
    "before", select("Before step", ["last", ...numbers.slice(1)], each.before ?? "last", (value) => change({ ...each, before: value === "last" ? null : Number(value) })));
}

/** Limits that few funnels need. */
function limits(q, set) {
  const input = (label, name, hint) => h("label.field", null, h("span", null, label),
    h("input", { type: "text", value: q[name], placeholder: hint, spellcheck: "false", onchange: (event) => set({ [name]: event.target.value.trim() }) }));
  const between = q.steps.map((step, place) => [step, place]).filter(([, place]) => mayBeOptional(q, place));
  return h("details.limits", { open: Boolean(q.step_window || q.least || q.steps.some((_, place) => isOptional(q, place))) }, h("summary", null, "From one step to the next"),
    h("div.pair", null, input("At most", "step_window", "no limit, or 30m"), input("At least", "least", "0, or 10s")),
    between.length > 0 && h("fieldset.stack.optional", null, h("legend.small.muted", null, "Steps that may be left out"), between.map(([step, place]) => h("label.check", null,
      h("input", { type: "checkbox", checked: isOptional(q, place), "aria-label": `Step ${place + 1} is optional`, onchange: (event) => set({ steps: q.steps.with(place, { ...step, optional: event.target.checked }) }) }),
      h("span.cut", null, `${place + 1}. ${eventShown(step)}`)))));
}

function controls(q, set) {
  const windows = WINDOWS.includes(q.window) ? WINDOWS : [q.window, ...WINDOWS];
  const attributions = [...ATTRIBUTION, ...q.steps.map((step, place) => [`step:${place + 1}`, `of step ${place + 1}`])];
  return [
    section("Steps", null, stepList(q, set),
      h("div", null, button("Add step", () => set({ steps: [...q.steps, ANY] }), { kind: "tiny", symbol: "plus" }))),
    section("How it counts", null, switcher("Order", ORDERS, q.order, (order) => set({ order })),
      h("div.pair", null, choice("Window", windows.map((each) => [each, spanShown(each)]), q.window, (window) => set({ window })),
        choice("Counted", COUNTING, q.counting, (counting) => set({ counting }))),
      choice("By the rules of", RULES, q.rules, (rules) => set({ rules })),
      limits(q, set)),
    section("Exclude who did", button("Add an exclusion", () => set({ exclusions: [...q.exclusions, { event: ANY, after: 1, before: null }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
      q.exclusions.length ? exclusionList(q, set) : null),
    section("Break down by", q.by.length ? choice("Groups", [3, 5, 10, 20].map((each) => [String(each), `Top ${each}`]), String(q.top), (top) => set({ top: Number(top) }), { unseen: true }) : null,
      breakdown(q.by, (by) => set({ by, ...(q.by.length ? {} : { top: 5 }) })),
      q.by.length ? choice("Value", attributions, q.attribution, (attribution) => set({ attribution })) : null),
    section("Only events with", button("Add a condition", () => set({ where: [...q.where, { column: "", operator: "is", values: [] }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
      conditions(q.where, (where) => set({ where }), "all events")),
    section("Users", null, segmentPicker(q.segment, (segment) => set({ segment }))),
  ];
}

function numbers(answer) {
  const last = answer.steps.at(-1);
  const time = answer.time_to_convert;
  const what = many[answer.counting];
  return bigNumbers([
    { name: "Conversion", value: percent(last.rate_from_start), more: last.low === null ? "" : `${range(last.low, last.high)} at 95%` },
    { name: "Entered", value: number(answer.steps[0].users), more: what },
    { name: "Converted", value: number(last.users), more: what },
    time && { name: "Half convert within", value: time.median === null ? "not reached" : duration(time.median), title: time.words,
      more: time.median_among_converters === null ? "" : `${duration(time.median_among_converters)} among those who did` },
    answer.tied_share !== null && { name: "Ties", value: percent(answer.tied_share), more: `${number(last.users_worst_order)} converted under the worst order`,
      title: "Share of the events used that happen in the same microsecond as another of the user" },
  ].filter(Boolean));
}

function stepsCard(answer, q, { params }) {
  const groups = answer.spec.query.by.length ? answer.groups : [{ group: [], steps: answer.steps }];
  const names = answer.steps.map((each) => `${each.step}. ${each.event}`);
  const open = (group, place) => {
    const step = groups[group].steps[place];
    usersPanel({
      params: params, spec: answer.spec, bar: step.step, group: groups[group].group.length ? groups[group].group : null,
      title: `Step ${step.step}: ${step.event}${groups[group].group.length ? `, ${groupName(groups[group].group)}` : ""}`,
      counts: { reached: step.users, dropped: step.dropped, open: step.open },
    });
  };
  const many_ = groups.length > 1 || groups[0].group.length > 0;
  const canList = answer.rules === "ours";
  const rows = groups.flatMap((group, at) => group.steps.map((step, place) => [
    ...(many_ ? [groupName(group.group)] : []), names[place],
    canList ? button(number(step.users), () => open(at, place), { kind: "tiny quiet", "aria-label": `${number(step.users)} users of ${names[place]}${many_ ? `, ${groupName(group.group)}` : ""}: show them` }) : number(step.users),
    percent(step.rate_from_start), range(step.low, step.high), percent(step.rate_from_previous), number(step.dropped), number(step.open), number(step.users_worst_order)]));
  const card = chartCard({
    title: "Steps", badge: finality(answer.finality), label: `Conversion at each of ${names.length} steps`, name: "funnel", size: "tall", ...downloads("funnel", params),
    option: stepsOption(groups, answer.steps), onclick: (event) => { if (canList && event.seriesId?.startsWith("bar")) open(Number(event.seriesId.slice(3)), event.dataIndex); },
    table: { heads: [...(many_ ? ["Group"] : []), "Step", many[answer.counting], "of entered", "95% interval", "of step before", "dropped", "still open", "worst order"], rows, left: many_ ? 2 : 1 },
    under: [
      many_ && h("ul.legend", null, groups.slice(0, 8).map((each, place) => h("li.row", null, h("span.dot", { class: `series-${place + 1}` }), h("span.cut", null, groupName(each.group))))),
      canList && h("p.small.muted", null, "Click a bar, or a number of the table, for the users behind it."),
    ],
  });
  return card;
}

/** The bars: their height is the share of those who entered; a whisker is its interval. */
function stepsOption(all, steps) {
  const groups = all.slice(0, 8);
  const one = groups.length === 1;
  return ({ width }) => {
    const flat = width < 520;
    const { text, label } = look();
    const names = steps.map((each) => `${each.step}. ${each.event}`);
    const category = categoryAxis(names, {
      boundaryGap: true, inverse: flat, axisLine: { show: !flat, lineStyle: { color: color("line-strong") } },
      axisLabel: { ...text, color: color("text"), interval: 0, overflow: "truncate", width: flat ? 104 : Math.max(70, (width - 60) / names.length - 14), margin: 10, align: flat ? "right" : "center",
        formatter: (name, at) => {
          const before = steps[at].rate_from_previous;
          const words = width / names.length < 150 ? "of prior" : "of step before";
          const under = one && at && before !== null ? `\n{soft|${percent(before)} ${words}}` : "";
          return flat ? name : `{name|${name.replace(/[{}|]/g, " ")}}${under}`;
        },
        rich: { name: { ...label, width: Math.max(70, (width - 60) / names.length - 14), overflow: "truncate", align: "center", lineHeight: 18 }, soft: { ...text, lineHeight: 16, align: "center" } } },
    });
    const value = valueAxis((each) => percent(each, 0), { max: 1, interval: 0.25, axisLabel: { ...text, formatter: (each) => percent(each, 0), showMaxLabel: true } });
    return {
      grid: { left: 6, right: flat ? 54 : 10, top: 26, bottom: one && !flat ? 22 : 6, containLabel: true },
      xAxis: flat ? value : category, yAxis: flat ? category : value,
      tooltip: tooltip((params) => stepTip(groups[Number(params.seriesId.slice(3))], params.dataIndex, Number(params.seriesId.slice(3))), { trigger: "item" }),
      series: groups.flatMap((group, place) => [
        {
          type: "bar", id: `bar${place}`, name: groupName(group.group), data: group.steps.map((each) => each.rate_from_start), cursor: "pointer",
          barMaxWidth: one ? 150 : 46, barCategoryGap: "26%", barGap: "12%", showBackground: one, backgroundStyle: { color: color("sunken"), borderRadius: 5 },
          itemStyle: { color: seriesColor(place), borderRadius: flat ? [0, 5, 5, 0] : [5, 5, 0, 0] }, emphasis: { itemStyle: { opacity: 0.85 } },
          label: { show: one || (!flat && width / names.length / groups.length > 42), position: flat ? "right" : "top", distance: 7, ...label, fontSize: one ? 12.5 : 11,
            formatter: ({ dataIndex: at }) => (one && !flat ? `${percent(group.steps[at].rate_from_start)}  {soft|${number(group.steps[at].users)}}` : percent(group.steps[at].rate_from_start)),
            rich: { soft: { ...text, fontSize: 12 } } },
        },
        ...(one ? [whiskers(group, place, flat)] : []),
      ]),
    };
  };
}

/** The interval of each bar, as a line across its end. */
function whiskers(group, place, flat) {
  const ends = group.steps.map((each) => [each.low, each.high]);
  return {
    type: "custom", id: `whisker${place}`, silent: true, z: 5, data: ends.map((each, at) => [at, ...each]),
    renderItem: (params, api) => {
      if (ends[params.dataIndex][0] === null) return null;
      const point = (value) => api.coord(flat ? [value, api.value(0)] : [api.value(0), value]);
      const [from, to] = [point(api.value(1)), point(api.value(2))];
      const cap = (at) => (flat ? { x1: at[0], x2: at[0], y1: at[1] - 5, y2: at[1] + 5 } : { x1: at[0] - 5, x2: at[0] + 5, y1: at[1], y2: at[1] });
      const line = (shape) => ({ type: "line", shape, style: { stroke: color("text"), lineWidth: 1.2, opacity: 0.75 } });
      return { type: "group", children: [line({ x1: from[0], y1: from[1], x2: to[0], y2: to[1] }), line(cap(from)), line(cap(to))] };
    },
  };
}

function stepTip(group, at, place) {
  const step = group.steps[at];
  return tip(`${step.step}. ${step.event}${group.group.length ? ` · ${groupName(group.group)}` : ""}`, [
    { place, name: "Reached", value: number(step.users) },
    { name: "Of those who entered", value: percent(step.rate_from_start) },
    { name: "95% interval", value: range(step.low, step.high) },
    ...(step.rate_from_previous === null ? [] : [{ name: "Of the step before", value: percent(step.rate_from_previous) }]),
    ...(step.dropped === null ? [] : [{ name: "Dropped here", value: number(step.dropped) }, { name: "Still open", value: number(step.open) }]),
  ]);
}

function daysCard(answer, q, { params }) {
  const { trend } = answer;
  if (!trend.length) return nothing("No entries by day", answer.rules === "ours" ? "Nobody entered on these days." : "Only our own rules tell the entry day.");
  const parts = [["Converted", trend.map((each) => each.users.at(-1))], ["Still open", trend.map((each) => each.open)], ["Dropped", trend.map((each) => each.dropped)]];
  return chartCard({
    title: "By entry day", badge: finality(answer.finality), label: "Converted, still open and dropped by day of entry", name: "funnel-days", size: "tall", json: downloads("funnel", params).json,
    option: bars({ labels: trend.map((each) => day(each.entry_date)), titles: trend.map((each) => day(each.entry_date, { year: true, weekday: true })), format: number, axis: compact, stacked: true,
      bars: parts.map(([name, values], at) => ({ name, values, place: [0, 4, 7][at], tint: at === 2 ? "line-strong" : null })), total: (at) => `${number(trend[at].entered)} entered${trend[at].is_mature ? "" : "; the day is not mature"}` }),
    table: {
      heads: ["Entry day", "Entered", ...answer.steps.filter((each, at) => at && !answer.spec.optional.includes(each.step)).map((each) => `${each.step}. ${each.event}`), "Still open", "Dropped", "State"],
      rows: trend.map((each) => [each.entry_date, number(each.entered), ...each.users.slice(1).map(number), number(each.open), number(each.dropped), each.is_mature ? "mature" : "may still convert"]),
    },
    under: h("ul.legend", null, parts.map(([name], at) => h("li.row", null, h("span.dot", { class: ["series-1", "series-5", "rest"][at] }), name))),
  });
}

function timeCard(answer, q, { params }) {
  const time = answer.time_to_convert;
  if (!time) return nothing("No times", "Only our own rules tell how long it took.");
  const reached = time.quantiles.filter((each) => each.seconds !== null);
  if (!reached.length) return nothing("Not reached", time.words);
  return chartCard({
    title: "Time to convert", badge: finality(answer.finality), label: "Share of those who entered that has converted, by time since entry", name: "funnel-time", json: downloads("funnel", params).json,
    option: () => ({
      grid: { left: 6, right: 24, top: 14, bottom: 4, containLabel: true },
      xAxis: { ...valueAxis(duration), splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: color("line-strong") } } },
      yAxis: valueAxis((each) => percent(each, 0)),
      tooltip: tooltip((params_) => tip(`Within ${duration(params_.data[0])}`, [{ place: 0, name: "Converted", value: percent(params_.data[1]) }]), { trigger: "item" }),
      series: [{ type: "line", step: "end", data: [[0, 0], ...reached.map((each) => [each.seconds, each.share])], symbolSize: 6, lineStyle: { color: seriesColor(0), width: 2 }, itemStyle: { color: seriesColor(0) } }],
    }),
    table: { heads: ["Share of those who entered", "has converted within"], rows: time.quantiles.map((each) => [percent(each.share, 0), each.seconds === null ? "not reached" : duration(each.seconds)]) },
    under: h("p.muted", null, time.words, " Kaplan and Meier’s estimate: who may still convert is not taken for lost."),
  });
}

function rulesCard({ results }, q, { params }) {
  const names = results[0].steps.map((each) => `${each.step}. ${each.event}`);
  return chartCard({
    title: "The same funnel by other tools’ rules", label: "Converted under the rules of each tool", name: "funnel-rules", ...downloads("compare-rules", params),
    option: bars({ labels: results.map((each) => ruleName(each.rules)), format: number, axis: compact, bars: [{ name: "Converted", place: 0, values: results.map((each) => each.steps.at(-1).users) }], named: true }),
    table: {
      heads: ["Rules", ...names, "Conversion", "95% interval"], free: true,
      rows: results.map((each) => [ruleName(each.rules), ...each.steps.map((step) => number(step.users)), percent(each.steps.at(-1).rate_from_start), range(each.steps.at(-1).low, each.steps.at(-1).high)]),
    },
    under: h("p.muted.small", null, "Which entry counts, from where the window runs, and what a tie is worth differ between tools. The table has every step."),
  });
}

const DRAW = { steps: stepsCard, days: daysCard, time: timeCard, rules: rulesCard };

function draw(answer, q, tools) {
  const first = answer.results?.[0] ?? answer;
  const views = h("div.row", null, switcher("Kind of answer", VIEWS, q.view, (view) => tools.set({ view })));
  if (!first.steps[0].users) return [views, nothing("Nobody entered", `No event of these days is ${eventShown(q.steps[0])} with these conditions.`), how(first)];
  return [views, numbers(first), DRAW[q.view](answer, q, tools), how(first)];
}

function asked(params) {
  const rules = params.get("view") === "rules";
  return { path: rules ? "compare-rules" : "funnel", params: rules ? without(params, "view", "rules") : without(params, "view") };
}

export const page = { asked, start, read, write, controls, draw };
explore(page);
