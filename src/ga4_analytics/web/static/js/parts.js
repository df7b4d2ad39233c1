// Parts of a question that several pages ask for: events with conditions, days, breakdowns.

import { get, list } from "./api.js";
import { button, facts, h, icon } from "./dom.js";
import { compact, days as daysShown } from "./format.js";
import { closePopover, picker, popover } from "./picker.js";
import { NUMERIC, OPERATORS, WITHOUT_VALUE, eventShown } from "./words.js";

export const eventOptions = async (text) => {
  const found = await list("events");
  const any = [{ value: "*", text: "Any event", more: "" }];
  const named = found.map((each) => ({ value: each.name, text: each.name, more: compact(each.events) }));
  return [...any, ...named].filter((each) => each.text.toLowerCase().includes(text.toLowerCase()));
};

const columnOptions = (wanted) => async (text) => (await list("columns"))
  .filter(wanted)
  .map((each) => ({ value: each.name, text: each.name, more: each.words }))
  .filter((each) => `${each.text} ${each.more}`.toLowerCase().includes(text.toLowerCase()));

export const isText = (column) => column.kind === "text" || column.kind === "texts";
const hasValues = (column) => column.values === null || column.values > 0;
export const textColumns = columnOptions((column) => isText(column) && hasValues(column));
export const numberColumns = columnOptions((column) => !isText(column));
const anyColumn = columnOptions(hasValues);

const typed = (text) => ({ value: text, text, more: "as typed" });

/** A choice of an event; where several will do, of the first of them. */
function eventPicker(event, label, onchange) {
  return picker({
    label, shown: event.text ?? (event.label || event.names[0] || "Any event"), options: eventOptions, chosen: event.names.length ? event.names : ["*"], free: typed,
    onpick: (name) => onchange({ ...event, names: name === "*" ? [] : [name, ...event.names.slice(1)], label: "", text: null }),
  });
}

/** A choice of one more event that will do as well. */
function otherPicker(event, label, onchange) {
  if (!event.names.length || event.label || event.text) return null;
  return picker({
    label: `Or another event as ${label}`, shown: "or", kind: "or", chosen: event.names, free: typed,
    options: async (text) => (await eventOptions(text)).filter((each) => each.value !== "*" && !event.names.includes(each.value)),
    onpick: (name) => onchange({ ...event, names: [...event.names, name] }),
  });
}

/** The further events that will do as well. */
function otherEvents(event, label, onchange) {
  if (event.label || event.text) return null;
  return event.names.slice(1).map((name, at) => h("div.step-line.or-line", null, h("span.muted.small", null, "or"), h("span.grow.cut", { title: name }, name),
    button(`Not ${name} as ${label}`, () => onchange({ ...event, names: event.names.toSpliced(at + 1, 1) }), { kind: "quiet tiny square", symbol: "x", bare: true })));
}

/**
 * An event with its conditions.
 * @param {object} given event; label; mark: what stands before it; onchange; onremove, onup;
 *   extra: nodes above it; note: a sentence below it.
 */
export function eventRow({ event, label, mark, onchange, onremove = null, onup = null, extra = null, note = null }) {
  const set = (where) => onchange({ ...event, where, text: null });
  return h(
    "li.step", null, h("span.step-mark", { "aria-hidden": "true" }, mark),
    h("fieldset.step-body", null,
      h("legend.unseen", null, label),
      extra,
      h("div.step-line", null,
        h("div.grow", null, eventPicker(event, label, onchange)),
        otherPicker(event, label, onchange),
        button(`Add a condition to ${label}`, () => set([...event.where, { column: "", operator: "is", values: [] }]),
          { kind: "quiet tiny square", symbol: "filter", bare: true }),
        onup && button(`Move ${label} up`, onup, { kind: "quiet tiny square", symbol: "up-step", bare: true }),
        onremove && button(`Remove ${label}`, onremove, { kind: "quiet tiny square", symbol: "x", bare: true }),
      ),
      otherEvents(event, label, onchange),
      note && h("p.small.muted", null, note),
      event.raw && h("p.small.muted", null, "With conditions that only the address shows."),
      conditions(event.where, set, label),
    ),
  );
}

/** Conditions, one under the other; all must be met. */
export function conditions(given, set, of) {
  return given.map((condition, place) => conditionRow(
    condition, `condition ${place + 1} of ${of}`,
    (changed) => set(given.with(place, changed)),
    () => set(given.toSpliced(place, 1)),
  ));
}

export function conditionRow(condition, label, onchange, onremove = null) {
  const { column, operator, values } = condition;
  const operators = h("select", {
    "aria-label": `Operator, ${label}`,
    onchange: (event) => onchange({ ...condition, operator: event.target.value }),
  }, OPERATORS.map(([value, text]) => h("option", { value, selected: value === operator }, text)));
  return h("div.condition", null,
    h("div.parts", null,
      picker({
        label: `Property, ${label}`, shown: column || "Property", empty: !column, options: anyColumn, chosen: [column],
        onpick: async (name) => {
          const found = (await list("columns")).find((each) => each.name === name);
          onchange({ column: name, operator: isText(found) ? "is" : "at_least", values: [] });
        },
      }),
      operators,
      WITHOUT_VALUE.includes(operator) ? null : h("div.values", null, valueInput(condition, label, onchange)),
    ),
    onremove && button(`Remove ${label}`, onremove, { kind: "quiet tiny square", symbol: "x", bare: true }),
  );
}

function valueInput(condition, label, onchange) {
  const { column, operator, values } = condition;
  if (!column) return null;
  if (operator === "is" || operator === "is_not") {
    return picker({
      label: `Values, ${label}`, shown: values.join(" or ") || "Choose values", empty: !values.length, many: true, chosen: values,
      options: async (like) => (await get("values", new URLSearchParams({ column, like }))).values
        .map((each) => ({ value: each.value, text: each.value, more: compact(each.events) })),
      free: (text) => ({ value: text, text, more: "as typed" }),
      onpick: (picked) => onchange({ ...condition, values: picked }),
    });
  }
  const numeric = NUMERIC.includes(operator);
  return h("input", {
    type: numeric ? "number" : "text", step: "any", "aria-label": `Value, ${label}`, value: values[0] ?? "",
    placeholder: numeric ? "Number" : "Text",
    onchange: (event) => onchange({ ...condition, values: event.target.value === "" ? [] : [numeric ? Number(event.target.value) : event.target.value] }),
  });
}

/** Columns to break down by. */
export function breakdown(given, onchange) {
  return h("div.chips", null,
    given.map((name) => h("span.chip", null, h("span.cut", null, name),
      h("button", { type: "button", "aria-label": `No breakdown by ${name}`, onclick: () => onchange(given.filter((each) => each !== name)) }, icon("x")))),
    given.length < 3 && h("div", { class: given.length ? "" : "grow" }, picker({
      label: "Breakdown", shown: given.length ? "Add" : "No breakdown", empty: true, options: textColumns,
      onpick: (name) => { if (!given.includes(name)) onchange([...given, name]); },
    })),
  );
}

const PRESETS = [["", "All days"], ["7", "Last 7 days"], ["14", "Last 14 days"], ["28", "Last 28 days"], ["90", "Last 90 days"]];

/**
 * Which days: a button that opens presets and two dates.
 * @param {object} given from, to, last.
 * @param {function} onchange Told the same.
 */
export function daysPicker({ from, to, last }, onchange) {
  const preset = PRESETS.find(([value]) => value === (last ?? "") && !from && !to);
  const shown = from || to ? daysShown(from || facts.first, to || facts.last) : preset?.[1] ?? `Last ${last} days`;
  const anchor = button(shown, () => {
    const first = h("input", { type: "date", value: from || facts.first, min: facts.first, max: facts.last });
    const second = h("input", { type: "date", value: to || facts.last, min: facts.first, max: facts.last });
    const choose = (changed) => { closePopover(true); onchange(changed); };
    popover(anchor, h("div.fields", null,
      h("div.chips", null, PRESETS.map(([value, text]) => button(text, () => choose({ last: value }), {
        kind: "tiny", "aria-pressed": String(!from && !to && (last ?? "") === value),
      }))),
      h("div.pair", null, h("label.field", null, h("span", null, "From"), first), h("label.field", null, h("span", null, "To"), second)),
      button("Show these days", () => choose({ from: first.value, to: second.value }), { kind: "primary" }),
      h("p.small.muted", null, `“Last” counts back from the last complete day, ${facts.last_complete ?? facts.last}.`),
    ), { label: "Days" });
  }, { symbol: "day", "aria-haspopup": "dialog", "aria-expanded": "false" });
  return anchor;
}

/** A choice of few: a native select with its label. */
export function choice(label, options, value, onchange, { unseen = false } = {}) {
  return h("label.field", null, h("span", { class: unseen ? "unseen" : "" }, label),
    h("select", { onchange: (event) => onchange(event.target.value) },
      options.map(([each, text]) => h("option", { value: each, selected: each === value }, text))));
}

/** A choice between two to four that are all seen. */
export function switcher(label, options, value, onchange) {
  return h("div.switch", { role: "group", "aria-label": label }, options.map(([each, text]) => h(
    "button", { type: "button", "aria-pressed": String(each === value), onclick: () => onchange(each) }, text)));
}

/** A part of the question with its heading. */
export function section(title, aside, ...content) {
  return h("section", null, h("header", null, h("h2", null, title), aside), content);
}

/** The users who count: all, or those of a saved segment. */
export function segmentPicker(given, onchange) {
  const isJson = given?.startsWith("{");
  return picker({
    label: "Users", shown: !given ? "All users" : isJson ? "Users of a condition" : given, empty: !given, chosen: [given ?? ""],
    options: async (text) => [{ value: "", text: "All users" }, ...(await get("saved-segments")).segments
      .map((each) => ({ value: each.name, text: each.name, more: each.words }))]
      .filter((each) => each.text.toLowerCase().includes(text.toLowerCase())),
    onpick: onchange,
  });
}

