// Every chart of the page: one look over ECharts. Texts of the data are drawn as text only:
// on a canvas, or in the tooltip as text nodes.

import * as echarts from "../vendor/echarts/echarts.esm.min.mjs";
import { h } from "./dom.js";

const style = () => getComputedStyle(document.documentElement);
export const color = (name) => style().getPropertyValue(`--${name}`).trim();
export const seriesColor = (place) => color(`s${(place % 8) + 1}`);
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches || navigator.webdriver;
const shown = new Set();

/** What all charts share; colours are those of the theme at the time of drawing. */
export function look() {
  const text = { color: color("muted"), fontFamily: "Inter, system-ui, sans-serif", fontSize: 11.5 };
  return {
    text,
    line: color("line"),
    strong: color("line-strong"),
    label: { ...text, color: color("text"), fontWeight: 550 },
  };
}

export function categoryAxis(data, more = {}) {
  const { text, strong } = look();
  return {
    type: "category", data, boundaryGap: false, axisTick: { show: false },
    axisLine: { lineStyle: { color: strong } },
    axisLabel: { ...text, hideOverlap: true, margin: 10 },
    ...more,
  };
}

export function valueAxis(format, more = {}) {
  const { text, line } = look();
  return {
    type: "value", splitNumber: 4, axisLine: { show: false }, axisTick: { show: false },
    axisLabel: { ...text, formatter: format }, splitLine: { lineStyle: { color: line } },
    ...more,
  };
}

/** The tooltip: nodes made of texts, so that a name of the data can never be HTML. */
export function tooltip(content, more = {}) {
  return {
    trigger: "axis", renderMode: "html", confine: true, appendTo: undefined, transitionDuration: 0,
    backgroundColor: "transparent", borderWidth: 0, padding: 0, extraCssText: "",
    axisPointer: { type: "line", lineStyle: { color: color("line-strong") } },
    formatter: (params) => content(params), ...more,
  };
}

/** A tooltip's content: a heading, rows of a colour, a name and a value, and a note. */
export function tip(title, rows, note = "") {
  return h("div.tip", null, h("h3", null, title),
    h("ul", null, rows.map(({ place, name, value }) => h("li", null,
      place !== undefined && h("span.dot", { class: `series-${(place % 8) + 1}` }), name, h("b", null, value)))),
    note && h("p", null, note));
}

/**
 * Draw a chart into an element; drawn again when the theme or the width changes.
 * @param {Element} node Where.
 * @param {function} option Makes the option of ECharts, from {width}.
 * @param {object} more label: what it shows, in a sentence; onclick: told ECharts' event.
 * @returns {object} png(): promises its picture; redraw().
 */
export function chart(node, option, { label, onclick } = {}) {
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", label);
  const made = echarts.init(node, null, { renderer: "canvas" });
  if (onclick) made.on("click", onclick);
  let width = node.clientWidth;
  const redraw = () => made.setOption({
    animation: !still(), animationDuration: 220, animationDurationUpdate: 180, aria: { enabled: false },
    textStyle: look().text, ...option({ width: node.clientWidth }),
  }, { notMerge: true });
  redraw();
  const watch = new ResizeObserver(() => {
    if (!node.isConnected) { end(); return; }
    if (Math.abs(node.clientWidth - width) < 1) return;
    width = node.clientWidth;
    made.resize();
    redraw();
  });
  watch.observe(node);
  const end = () => { watch.disconnect(); shown.delete(self); made.dispose(); };
  const self = {
    node, redraw, end,
    png: () => made.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: color("surface") }),
    highlight: (name, on) => made.dispatchAction({ type: on ? "highlight" : "downplay", seriesName: name }),
    raw: made,
  };
  shown.add(self);
  return self;
}

window.addEventListener("themechange", () => {
  for (const each of [...shown]) { if (each.node.isConnected) each.redraw(); else each.end(); }
});

/** Throw away the charts that are no longer on the page. */
export function tidy() {
  for (const each of [...shown]) if (!each.node.isConnected) each.end();
}

/**
 * Lines over time.
 * @param {object} given
 *   labels: of the buckets; titles: of the tooltip; lines: each {name, values, place, dashed, faint};
 *   format: of values; axis: of the axis; complete: a list of booleans, false: still to come;
 *   low, high: of a line, a band around it; end: whether names stand at the lines' ends.
 */
export function lines({ labels, titles = labels, lines: given, format, axis = format, complete = null, end = given.length <= 6, area = false, zero = true, note = () => "" }) {
  return ({ width }) => {
    const narrow = width < 520;
    const named = end && !narrow && given.length > 1 && !crowded(given);
    const { label } = look();
    return {
      grid: { left: 4, right: named ? Math.min(132, 20 + 6.4 * Math.max(...given.map((line) => short(line.name).length))) : 22, top: 14, bottom: 4, containLabel: true },
      xAxis: categoryAxis(labels), yAxis: valueAxis(axis, { scale: !zero }),
      tooltip: tooltip((params) => {
        const at = params[0].dataIndex;
        const rows = given.filter((line) => !line.dashed || line.values[at] !== undefined)
          .map((line) => ({ place: line.place, name: line.name, value: format(line.values[at]) }));
        return tip(titles[at], rows.slice(0, 14), complete && !complete[at] ? "Not complete yet" : note(at));
      }),
      series: given.flatMap((line) => lineSeries(line, { complete, named, label, area, count: labels.length })),
    };
  };
}

/** Whether lines end so close together that their names would lie on each other. */
function crowded(given) {
  const known = given.filter((line) => !line.dashed).map((line) => line.values.filter((value) => value !== null));
  const most = Math.max(...known.flat());
  const ends = known.map((values) => values.at(-1) ?? 0).sort((one, other) => one - other);
  return ends.some((value, at) => at && value - ends[at - 1] < most * 0.05);
}

function lineSeries(line, { complete, named, label, area, count }) {
  const tint = line.faint ? color("faint") : seriesColor(line.place);
  const from = complete ? complete.indexOf(false) : -1;
  const whole = from < 0 || line.dashed ? line.values : line.values.map((value, at) => (complete[at] ? value : null));
  const base = {
    type: "line", name: line.name, showSymbol: count <= 12, symbol: "circle", symbolSize: 5, connectNulls: false, itemStyle: { color: tint },
    lineStyle: { color: tint, width: line.dashed ? 1.5 : 2, type: line.dashed ? "dashed" : "solid" }, emphasis: { focus: "none", lineStyle: { width: line.dashed ? 1.5 : 2 } },
  };
  const main = {
    ...base, data: whole,
    endLabel: { show: named && !line.dashed, formatter: () => short(line.name), color: tint, fontFamily: label.fontFamily, fontSize: 11.5, fontWeight: 550, distance: 8 },
    labelLayout: { moveOverlap: "shiftY" },
    areaStyle: area ? { color: tint, opacity: 0.08 } : undefined,
  };
  const found = [main];
  if (from >= 0 && !line.dashed) {
    // What is not complete hangs on the last complete value by a dashed line.
    const tail = line.values.map((value, at) => (complete[at] ? (at === from - 1 ? { value, symbol: "none" } : null) : value));
    found.push({ ...base, data: tail, lineStyle: { ...base.lineStyle, type: [3, 4] }, showSymbol: true, symbol: "emptyCircle", symbolSize: 5, silent: true });
  }
  if (line.low) found.push(...band(line, tint));
  return found;
}

/** A light band between two lines. */
function band(line, tint) {
  const base = { type: "line", silent: true, symbol: "none", stack: `band ${line.name}`, lineStyle: { opacity: 0 }, tooltip: { show: false } };
  const width = line.low.map((low, at) => (low === null ? null : line.high[at] - low));
  return [{ ...base, data: line.low }, { ...base, data: width, areaStyle: { color: tint, opacity: 0.14 } }];
}

const short = (text) => (text.length > 19 ? `${text.slice(0, 18)}…` : text);

/** Bars side by side or on top of each other. */
export function bars({ labels, titles = labels, bars: given, format, axis = format, stacked = false, total = null, named = false, most = null }) {
  return () => ({
    grid: { left: 4, right: 18, top: named ? 24 : 14, bottom: 4, containLabel: true },
    xAxis: categoryAxis(labels, { boundaryGap: true }), yAxis: valueAxis(axis, { max: most }),
    tooltip: tooltip((params) => {
      const at = params[0].dataIndex;
      return tip(titles[at], given.map((bar) => ({ place: bar.place, name: bar.name, value: format(bar.values[at]) })), total ? total(at) : "");
    }, { axisPointer: { type: "shadow", shadowStyle: { color: color("line"), opacity: 0.5 } } }),
    series: given.map((bar) => ({
      type: "bar", name: bar.name, data: bar.values, stack: stacked ? "all" : undefined, barMaxWidth: named ? 64 : 34, barCategoryGap: "28%",
      label: { show: named, position: "top", ...look().label, formatter: ({ value }) => format(value) },
      itemStyle: { color: bar.tint ? color(bar.tint) : seriesColor(bar.place), borderRadius: stacked ? 0 : [3, 3, 0, 0] }, emphasis: { disabled: true },
    })),
  });
}

/** A line without anything else. */
export function spark(values, place = 0) {
  return () => ({
    grid: { left: 2, right: 2, top: 3, bottom: 2 },
    xAxis: { type: "category", show: false, data: values.map(String), boundaryGap: false },
    yAxis: { type: "value", show: false, scale: true },
    series: [{ type: "line", data: values, showSymbol: false, silent: true, lineStyle: { width: 1.6, color: seriesColor(place) }, areaStyle: { color: seriesColor(place), opacity: 0.08 } }],
  });
}
