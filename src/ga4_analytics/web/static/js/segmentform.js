// A segment of users as a form: conditions of what they did, each of which can be turned round.

import { button, h, icon } from "./dom.js";
import { choice, conditionRow, eventRow, numberColumns, switcher } from "./parts.js";
import { picker, popover, closePopover } from "./picker.js";
import { flat, isDone } from "./words.js";

const KINDS = [
  ["did", "Did an event", "so many times"], ["did_on_days", "Did an event", "on so many days"],
  ["last_did", "Last did an event", "so many days ago"], ["did_in_order", "Did events in order", "within a time"],
  ["had_value", "Had a property", "first, last or ever"], ["had_sum", "Had a sum", "of a number"],
  ["had_sessions", "Had sessions", "so many"], ["was_new", "New or returning", "on some days"],
];
const COUNTS = [["at_least", "at least"], ["at_most", "at most"], ["exactly", "exactly"]];
const WHICH = [["first", "First value"], ["last", "Last value"], ["any", "Any value"]];
const SPANS = ["", "30m", "1h", "1d", "7d", "30d"];
const DAYS = ["", "7", "14", "28", "90"];
const ANY = { names: [], where: null, label: "" };

/** A new condition of a kind. */
export function fresh(kind, event = ANY) {
  return {
    did: { type: "did", event }, did_on_days: { type: "did_on_days", event, at_least: 2 }, last_did: { type: "last_did", event, at_most: 7 },
    did_in_order: { type: "did_in_order", events: [event, ANY] }, had_value: { type: "had_value", which: "first", condition: { type: "condition", column: "", operator: "is", values: [] } },
    had_sum: { type: "had_sum", column: "revenue_usd", at_least: 1 }, had_sessions: { type: "had_sessions", at_least: 2 }, was_new: { type: "was_new", kind: "new" },
  }[kind];
}

/** What a segment consists of: {mode, parts: [{not, leaf}]}; null where it is nested deeper. */
export function opened(users) {
  const mode = users.type === "in_any" ? "in_any" : "in_all";
  const parts = (users.type === mode ? users.parts : [users]).map((each) => (each.type === "not_in" ? { not: true, leaf: each.part } : { not: false, leaf: each }));
  return parts.every(({ leaf }) => KINDS.some(([kind]) => kind === leaf.type) && events(leaf).every((event) => flat(event.where) !== null)) ? { mode, parts } : null;
}

const events = (leaf) => leaf.events ?? (leaf.event ? [leaf.event] : []);

function closed({ mode, parts }) {
  const all = parts.map(({ not, leaf }) => (not ? { type: "not_in", part: leaf } : leaf));
  return all.length === 1 ? all[0] : { type: mode, parts: all };
}

/** A segment's JSON without what is as if it were not said. */
export function brief(value) {
  if (Array.isArray(value)) return value.map(brief);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null && each !== "").map(([name, each]) => [name, brief(each)]));
}

/** Whether everything in it is said. */
export function isWhole(users) {
  if (users.type === "not_in") return isWhole(users.part);
  if (users.parts) return users.parts.length > 0 && users.parts.every(isWhole);
  const inside = [users.condition ?? [], events(users).map((event) => flat(event.where) ?? [])].flat(2);
  return inside.every((condition) => Boolean(isDone(condition)));
}

const formEvent = (given) => ({ names: [...(given?.names ?? [])], where: (flat(given?.where) ?? []).map(({ column, operator, values }) => ({ column, operator, values: [...values] })), raw: null, label: given?.label ?? "" });

function jsonEvent({ names, where, label }) {
  const parts = where.map((each) => ({ type: "condition", ...each }));
  return { names, label, where: !parts.length ? null : parts.length === 1 ? parts[0] : { type: "all_of", parts } };
}

function number(label, value, onchange, least = 0) {
  return h("input", { type: "number", min: String(least), step: "any", "aria-label": label, value: value ?? "", onchange: (event) => onchange(event.target.value === "" ? null : Number(event.target.value)) });
}

/** "At least 2", "at most 3", "exactly 1". */
function count(leaf, label, set) {
  const kind = leaf.at_most === null || leaf.at_most === undefined ? "at_least" : leaf.at_most === leaf.at_least ? "exactly" : "at_most";
  const value = kind === "at_most" ? leaf.at_most : leaf.at_least ?? 1;
  const change = (to, n) => set({ ...leaf, at_least: to === "at_most" ? 0 : n, at_most: to === "at_least" ? null : n });
  return h("div.pair", null, choice(`How often, ${label}`, COUNTS, kind, (to) => change(to, value), { unseen: true }), number(`Number, ${label}`, value, (n) => change(kind, n ?? 1)));
}

/** On which days: all, the last so many, or those of the segment as they came. */
function when(leaf, label, set) {
  if (leaf.start || leaf.end) return h("p.small.muted", null, `From ${leaf.start ?? "the first day"} to ${leaf.end ?? "the last day"}. `, button(`All days, ${label}`, () => set({ ...leaf, start: null, end: null }), { kind: "tiny quiet", symbol: "x" }));
  const given = leaf.last_days ? String(leaf.last_days) : "";
  const known = [...new Set([...DAYS, given])];
  return choice(`When, ${label}`, known.map((each) => [each, each ? `in the last ${each} days` : "on any day"]), given, (days) => set({ ...leaf, last_days: days ? Number(days) : null }), { unseen: true });
}

function event(leaf, label, set) {
  return h("ol", null, eventRow({ event: formEvent(leaf.event), label, mark: icon("filter"), onchange: (changed) => set({ ...leaf, event: jsonEvent(changed) }) }));
}

function order(leaf, label, set) {
  const change = (all) => set({ ...leaf, events: all });
  return [
    h("ol.stack", null, leaf.events.map((each, place) => eventRow({
      event: formEvent(each), label: `step ${place + 1}, ${label}`, mark: String(place + 1), onchange: (changed) => change(leaf.events.with(place, jsonEvent(changed))),
      onremove: leaf.events.length > 2 ? () => change(leaf.events.toSpliced(place, 1)) : null }))),
    h("div.row", null, button(`Add step, ${label}`, () => change([...leaf.events, ANY]), { kind: "tiny", symbol: "plus" })),
    choice(`Time, ${label}`, [...new Set([...SPANS, leaf.within ?? ""])].map((each) => [each, each ? `within ${each}` : "within any time"]), leaf.within ?? "", (within) => set({ ...leaf, within }), { unseen: true }),
  ];
}

const FIELDS = {
  did: (leaf, label, set) => [event(leaf, label, set), count(leaf, label, set), when(leaf, label, set)],
  did_on_days: (leaf, label, set) => [event(leaf, label, set), count(leaf, `days, ${label}`, set), when(leaf, label, set)],
  last_did: (leaf, label, set) => [event(leaf, label, set), h("div.pair", null,
    h("label.field", null, h("span", null, "Days ago, at least"), number(`Days ago at least, ${label}`, leaf.at_least ?? 0, (n) => set({ ...leaf, at_least: n ?? 0 }))),
    h("label.field", null, h("span", null, "at most"), number(`Days ago at most, ${label}`, leaf.at_most, (n) => set({ ...leaf, at_most: n }))))],
  did_in_order: (leaf, label, set) => [...order(leaf, label, set), when(leaf, label, set)],
  had_value: (leaf, label, set) => [choice(`Which value, ${label}`, WHICH, leaf.which, (which) => set({ ...leaf, which }), { unseen: true }),
    conditionRow(leaf.condition, label, (changed) => set({ ...leaf, condition: { type: "condition", ...changed } })), when(leaf, label, set)],
  had_sum: (leaf, label, set) => [
    picker({ label: `Sum of, ${label}`, shown: leaf.column, options: numberColumns, chosen: [leaf.column], onpick: (column) => set({ ...leaf, column }) }),
    h("div.pair", null, h("label.field", null, h("span", null, "At least"), number(`Sum at least, ${label}`, leaf.at_least, (n) => set({ ...leaf, at_least: n }))),
      h("label.field", null, h("span", null, "At most"), number(`Sum at most, ${label}`, leaf.at_most, (n) => set({ ...leaf, at_most: n })))), when(leaf, label, set)],
  had_sessions: (leaf, label, set) => [count(leaf, label, set), when(leaf, label, set)],
  was_new: (leaf, label, set) => [switcher(`Kind, ${label}`, [["new", "New"], ["returning", "Returning"]], leaf.kind, (kind) => set({ ...leaf, kind })), when(leaf, label, set)],
};

/** A button that opens the kinds of conditions. */
function adder(label, onpick) {
  const anchor = button(label, () => popover(anchor, h("ul.kinds", null, KINDS.map(([kind, text, more]) => h("li", null,
    h("button", { type: "button", onclick: () => { closePopover(true); onpick(fresh(kind)); } }, h("span.cut", null, text), h("small", null, more))))), { label }),
  { kind: "tiny", symbol: "plus", "aria-haspopup": "dialog", "aria-expanded": "false" });
  return anchor;
}

/**
 * The conditions of a segment.
 * @param {object} given users: its JSON; name: what it is called; onchange: told the JSON.
 */
export function segmentForm({ users, name, onchange }) {
  const found = opened(users);
  if (!found) return h("p.small.muted", null, "Its conditions are kept as they are: this form does not show what is nested or listed.");
  const { mode, parts } = found;
  const set = (changed) => onchange(closed({ mode, parts, ...changed }));
  return [
    parts.length > 1 && switcher(`Conditions of ${name}`, [["in_all", "All of them"], ["in_any", "One is enough"]], mode, (to) => set({ mode: to })),
    parts.map(({ not, leaf }, place) => {
      const label = `condition ${place + 1} of ${name}`;
      const [, text, more] = KINDS.find(([kind]) => kind === leaf.type);
      const put = (changed) => set({ parts: parts.with(place, { not, leaf, ...changed }) });
      return h("fieldset.leaf", null, h("legend.unseen", null, label),
        h("div.row.tight", null, h("strong.small.grow.cut", null, `${text} ${leaf.type === "did" || leaf.type === "did_on_days" ? more : ""}`),
          h("label.check.small", null, h("input", { type: "checkbox", checked: not, "aria-label": `Not, ${label}`, onchange: (change) => put({ not: change.target.checked }) }), "not"),
          parts.length > 1 && button(`Remove ${label}`, () => set({ parts: parts.toSpliced(place, 1) }), { kind: "quiet tiny square", symbol: "x", bare: true })),
        FIELDS[leaf.type](leaf, label, (changed) => put({ leaf: changed })));
    }),
    h("div", null, adder(`Add a condition to ${name}`, (leaf) => set({ parts: [...parts, { not: false, leaf }] }))),
  ];
}
