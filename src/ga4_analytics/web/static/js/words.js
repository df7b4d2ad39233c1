// A question's parts as people type them in addresses and on the command line: the writing
// side of ga4_analytics.questions.text. Reading is the server's: it sends the parts back.

const SIGNS = {
  is: "=", is_not: "!=", contains: "~", not_contains: "!~", matches: "=~", not_matches: "!=~",
  above: ">", at_least: ">=", below: "<", at_most: "<=", is_set: "?", is_not_set: "!?",
};
export const OPERATORS = [
  ["is", "is"], ["is_not", "is not"], ["contains", "contains"], ["not_contains", "does not contain"],
  ["matches", "matches regex"], ["not_matches", "does not match"], ["above", ">"], ["at_least", "≥"],
  ["below", "<"], ["at_most", "≤"], ["is_set", "is set"], ["is_not_set", "is not set"],
];
export const NUMERIC = ["above", "at_least", "below", "at_most"];
export const WITHOUT_VALUE = ["is_set", "is_not_set"];

const hidden = (text) => String(text).replace(/([|,[\]])/g, "\\$1");

/** The conditions of a filter as a flat list, or null where it is more than "all of these". */
export function flat(filter) {
  if (!filter) return [];
  const parts = filter.type === "all_of" ? filter.parts : [filter];
  return parts.every((part) => part.type === "condition") ? parts : null;
}

export const isDone = (condition) =>
  condition.column && (WITHOUT_VALUE.includes(condition.operator) || condition.values.length > 0);

// What the short text cannot hide is written as JSON.
const isPlain = (text) => text === text.trim() && text !== "" && !text.includes("\\");
const arePlain = (conditions) => conditions.every((each) =>
  (each.values ?? []).every((value) => isPlain(String(value))));

function shortText(conditions) {
  return conditions.map((each) => {
    const whole = each.operator === "matches" || each.operator === "not_matches";
    const values = WITHOUT_VALUE.includes(each.operator) ? [] : each.values;
    const text = whole ? String(values[0]).replaceAll(",", "\\,") : values.map(hidden).join("|");
    return each.column + SIGNS[each.operator] + text;
  }).join(",");
}

/** Conditions that all must be met, or a filter's JSON as it came; empty: none. */
export function filterText(conditions, raw = null) {
  const done = conditions.filter(isDone);
  if (raw) return JSON.stringify(raw);
  if (!done.length) return "";
  return arePlain(done) ? shortText(done) : JSON.stringify(filterJson(done));
}

/** Some events: names (none: any), and conditions. */
export function eventText({ names, where = [], raw = null, label = "", text = null }) {
  if (text !== null) return text;
  const done = where.filter(isDone);
  const odd = names.some((name) => !isPlain(name) || name.startsWith("{") || name === "*");
  if (raw || label || odd || !arePlain(done)) {
    return JSON.stringify({ names, where: raw ?? filterJson(done), label });
  }
  const inside = shortText(done);
  return (names.map(hidden).join("|") || "*") + (inside ? `[${inside}]` : "");
}

function filterJson(done) {
  const parts = done.map(({ column, operator, values }) => ({
    type: "condition", column, operator, values: WITHOUT_VALUE.includes(operator) ? [] : values,
  }));
  if (!parts.length) return null;
  return parts.length === 1 ? parts[0] : { type: "all_of", parts };
}

/** The event of a spec as the form keeps it. */
export function eventOf(selector) {
  const where = flat(selector.where);
  return {
    names: [...selector.names],
    where: (where ?? []).map((each) => ({ column: each.column, operator: each.operator, values: [...each.values] })),
    raw: where === null ? selector.where : null,
    label: selector.label,
  };
}

/** An event of an address that the server could not read: it stays as it is until it is changed. */
export const unread = (text) => ({ names: [], where: [], raw: null, label: "", text });

export const eventShown = (event) => event.text ?? (event.label || event.names.join(" or ") || "Any event");

/** Seconds as 30m, 24h or 7d. */
export function spanText(seconds) {
  if (seconds === null || seconds === undefined) return "none";
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60]]) {
    if (seconds && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

export function spanShown(text) {
  const found = /^(\d+)([smhdw])$/.exec(text);
  if (!found) return text === "none" ? "no limit" : text;
  const unit = { s: "second", m: "minute", h: "hour", d: "day", w: "week" }[found[2]];
  return `${found[1]} ${unit}${found[1] === "1" ? "" : "s"}`;
}
