// What comes after an event, or before it: the flow from step to step, and the commonest paths.

import { bigNumbers, chartCard, downloads, finality, how, nothing, table } from "../answer.js";
import { bars, color, look, seriesColor, tip, tooltip } from "../charts.js";
import { button, h, icon } from "../dom.js";
import { explore } from "../explore.js";
import { compact, number, percent, range } from "../format.js";
import { choice, conditions, eventOptions, eventRow, section, segmentPicker, switcher, textColumns } from "../parts.js";
import { picker } from "../picker.js";
import { takeaway } from "../takeaway.js";
import { eventOf, eventShown, eventText, spanShown, unread } from "../words.js";

const DIRECTIONS = [["from", "Starting with"], ["to", "Ending with"]];
const DEPTHS = [1, 2, 3, 4, 5, 6, 8, 10];
const PER = [["session", "Within the session"], ["user", "Across sessions"]];
const ANCHORS = [["every", "Every time"], ["first", "The first time"], ["last", "The last time"]];
const WINDOWS = ["", "1m", "5m", "30m", "1h", "1d", "7d", "30d"];
const TOPS = [4, 6, 10, 15, 20];
const KEPT = ["shown"];
const REST = "(other)";
const cut = (text, most) => (text.length > most ? `${text.slice(0, Math.max(4, most - 1))}…` : text);
const isRest = (name) => name === REST;

function read(spec, params) {
  const plain = { anchor: unread(params.get("anchor") ?? "session_start"), direction: "from", depth: 5, per: "session", window: "", anchors: "every", step: "event_name", hide: [], merge: false };
  if (!spec) return plain;
  return {
    anchor: eventOf(spec.anchor), direction: spec.direction, depth: spec.depth, per: spec.per, window: spec.window,
    anchors: spec.anchors, step: spec.step, hide: [...spec.hide], merge: spec.merge,
  };
}

function write(q) {
  const params = [["anchor", eventText(q.anchor)]];
  const add = (name, plain) => { if (q[name] !== plain) params.push([name, String(q[name])]); };
  add("direction", "from");
  add("depth", 5);
  add("per", "session");
  add("window", "");
  add("anchors", "every");
  add("step", "event_name");
  add("merge", false);
  for (const name of q.hide) params.push(["hide", name]);
  return params;
}

function controls(q, set) {
  const known = (list, one) => [...new Set([...list, one])];
  const depths = known(DEPTHS, q.depth).sort((one, other) => one - other);
  return [
    section("Paths", null,
      switcher("Direction", DIRECTIONS, q.direction, (direction) => set({ direction })),
      h("ol", null, eventRow({ event: q.anchor, label: "the event", mark: q.direction === "from" ? "A" : "Z", onchange: (anchor) => set({ anchor }) })),
      choice("Which of them", ANCHORS, q.anchors, (anchors) => set({ anchors }))),
    section("Steps", null,
      picker({ label: "Steps are values of", shown: q.step === "event_name" ? "Events" : q.step, chosen: [q.step],
        options: async (text) => [{ value: "event_name", text: "Events", more: "event_name" }, ...(await textColumns(text)).filter((each) => each.value !== "event_name")],
        onpick: (step) => set({ step }) }),
      h("div.pair", null,
        choice("How far", depths.map((each) => [String(each), each === 1 ? "The next step" : `${each} steps`]), String(q.depth), (depth) => set({ depth: Number(depth) })),
        choice("Kept apart a step", known(TOPS, q.top).sort((one, other) => one - other).map((each) => [String(each), `Top ${each}`]), String(q.top), (top) => set({ top: Number(top) }))),
      h("div.pair", null, choice("Bounds", PER, q.per, (per) => set({ per })),
        choice("Within", known(WINDOWS, q.window).map((each) => [each, each ? spanShown(each) : "any time"]), q.window, (window) => set({ window }))),
      h("label.check", null, h("input", { type: "checkbox", checked: q.merge, onchange: (event) => set({ merge: event.target.checked }) }), h("span", null, "Merge repeats of a step"))),
    section("Leave out events", null, picker({
      label: "Events that are no steps", shown: q.hide.join(", ") || "None left out", empty: !q.hide.length, many: true, chosen: q.hide,
      options: async (text) => (await eventOptions(text)).filter((each) => each.value !== "*"), onpick: (hide) => set({ hide }),
    })),
    section("Only events with", button("Add a condition", () => set({ where: [...q.where, { column: "", operator: "is", values: [] }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
      conditions(q.where, (where) => set({ where }), "all events")),
    section("Users", null, segmentPicker(q.segment, (segment) => set({ segment }))),
  ];
}

/** The boxes of the diagram: one for each step of each level, the anchor being level 0. */
const nodesOf = (answer) => answer.nodes.map((each) => ({ id: `${each.level} ${each.step}`, name: each.step, ...each }));

/** Each name has one colour at every level; what is put together is grey. */
function tints(nodes) {
  const most = new Map();
  for (const { name, count } of nodes) if (!isRest(name)) most.set(name, Math.max(most.get(name) ?? 0, count));
  const order = [...most].sort((one, other) => other[1] - one[1]).map(([name]) => name);
  return (name) => (isRest(name) ? color("line-strong") : seriesColor(order.indexOf(name)));
}

function flowOption(answer) {
  const nodes = nodesOf(answer);
  const back = answer.spec.direction === "to";
  const last = Math.max(...nodes.map((each) => each.level));
  return ({ width }) => {
    const tint = tints(nodes);
    const { label } = look();
    const room = Math.min(150, Math.max(60, width / (last + 1) - 28));
    return {
      tooltip: tooltip((params) => flowTip(answer, nodes, params), { trigger: "item" }),
      series: [{
        type: "sankey", left: 2, right: room, top: 8, bottom: 8, nodeWidth: 10, nodeGap: 14, nodeAlign: "left", layoutIterations: 0, draggable: false,
        emphasis: { focus: "adjacency" },
        data: nodes.map((each) => ({
          name: each.id, depth: back ? last - each.level : each.level, value: each.count, itemStyle: { color: tint(each.name), borderWidth: 0 },
          label: { ...label, fontWeight: 500, formatter: () => `${cut(each.name, room / 6.6 - 6.5)}  ${compact(each.count)}` },
        })),
        links: answer.links.map((each) => {
          const ends = [`${each.level - 1} ${each.source}`, `${each.level} ${each.target}`];
          const [source, target] = back ? ends.reverse() : ends;
          return { source, target, value: each.count, lineStyle: { color: tint(back ? each.target : each.source), opacity: 0.22, curveness: 0.5 } };
        }),
      }],
    };
  };
}

function flowTip(answer, nodes, { dataType, data, dataIndex }) {
  const after = answer.spec.direction === "from" ? "then" : "before that";
  if (dataType === "edge") {
    const link = answer.links[dataIndex];
    return tip(`${link.source}, ${after} ${link.target}`, [
      { name: "Paths", value: number(link.count) }, { name: `Of those with ${link.source}`, value: percent(link.of_source) }]);
  }
  const node = nodes.find((each) => each.id === data.name);
  return tip(node.level ? `Step ${node.level}: ${node.name}` : node.name, [
    { name: "Paths", value: number(node.count) }, { name: "Of all", value: percent(node.share) },
    ...(node.level < answer.spec.depth ? [{ name: "Went no further", value: number(node.ended) }] : [])]);
}

function flowCard(answer, q, { params, set }) {
  const words = answer.spec.direction === "from" ? "after" : "before";
  const nodes = nodesOf(answer);
  const canGo = answer.spec.step === "event_name";
  return chartCard({
    title: "Flow", badge: finality(answer.finality), name: "paths", json: downloads("paths", params).json, size: "sankey",
    label: `How paths go from step to step ${words} ${eventShown(q.anchor)}`, option: flowOption(answer),
    onclick: ({ dataType, data }) => {
      const node = dataType === "node" && nodes.find((each) => each.id === data.name);
      if (canGo && node && node.level && !isRest(node.name)) set({ anchor: { names: [node.name], where: [], raw: null, label: "" } });
    },
    table: {
      heads: ["Step", "From", "To", "Paths", "Share of all paths"], left: 3,
      rows: answer.links.map((each) => [String(each.level), each.source, each.target, number(each.count), percent(each.share)]),
    },
    under: h("p.small.muted", null, answer.spec.direction === "from" ? "Read from the left. " : "Read from the right, back in time. ",
      `Where a band is missing behind a box, paths end. Rare steps of a level are together as ${REST}.`,
      canGo ? " Click a box for the paths of that event." : ""),
  });
}

function commonCard(answer, { params }) {
  const { csv, json } = downloads("paths", params);
  const back = answer.spec.direction === "to";
  const shown = (steps) => h("ol.trail", null, (back ? steps.toReversed() : steps).map((each, place) => h("li", null, place > 0 && icon("right"), h("span.chip.plain", { title: each }, h("span.cut", null, each)))));
  const common = table({
    caption: "The commonest paths", heads: ["Path", "Paths", "Share", "95% interval"], free: true,
    rows: answer.top.map((each) => [shown(each.steps), number(each.count), percent(each.share?.value), range(each.share?.low, each.share?.high)]),
  });
  return h("section.card", { "aria-label": "Commonest paths" },
    h("header", null, h("h2", null, "Commonest paths"), h("span.muted.small", null, `${number(answer.top.length)} of ${number(answer.distinct)}`), h("span.grow"),
      takeaway({ title: "Commonest paths", name: "paths", csv, json, table: () => common.querySelector("table") })),
    h("div.body", null, common));
}

function levelsCard(answer, { params }) {
  const labels = answer.levels.map((each) => `Step ${each.level}`);
  return chartCard({
    title: "How far paths go", name: "paths-levels", json: downloads("paths", params).json, size: "short",
    label: "Share of paths that reach each step",
    option: bars({ labels, format: percent, axis: (value) => percent(value, 0), named: answer.levels.length < 9, bars: [{ name: "Reached", place: 0, values: answer.levels.map((each) => each.share?.value ?? null) }] }),
    table: {
      heads: ["Step", "Reached", "Share", "95% interval", "Ended right before"],
      rows: answer.levels.map((each) => [String(each.level), number(each.reached), percent(each.share?.value), range(each.share?.low, each.share?.high), number(each.dropped)]),
    },
  });
}

function draw(answer, q, tools) {
  if (!answer.paths) return [nothing("No paths", `No event of these days is ${eventShown(q.anchor)} with these conditions.`, "paths"), how(answer)];
  const first = answer.levels[0];
  const top = answer.top[0];
  return [
    bigNumbers([
      { name: "Paths", value: number(answer.paths), more: `of ${number(answer.users)} users` },
      { name: answer.spec.direction === "from" ? "Go on" : "Came from a step", value: percent(first?.share?.value), more: first ? `${range(first.share?.low, first.share?.high)} at 95%` : "" },
      { name: "Commonest", value: percent(top?.share?.value), more: top ? top.steps.slice(1).join(", ") || "nothing else" : "", title: top?.steps.join(" > ") },
      { name: "Different paths", value: number(answer.distinct), more: `up to ${answer.spec.depth} steps` },
      { name: "Order left open", value: percent(answer.open_share), more: "of steps", title: "Steps that follow another event with nothing to tell the order" },
    ]),
    answer.links.length ? flowCard(answer, q, tools) : nothing("Nothing comes after", "Every path ends where it begins.", "paths"),
    commonCard(answer, tools), levelsCard(answer, tools), how(answer),
  ];
}

export const page = {
  asked: (params) => ({ path: "paths", params }), keep: KEPT,
  start: async () => [["anchor", "session_start"], ["depth", "4"], ["top", "6"], ["merge", "true"]],
  read, write, controls, draw,
};
explore(page);
