// What came in: orders, refunds and revenue by day, the average order, and what users are worth in time.

import { bigNumbers, chartCard, downloads, finality, how, legend, nothing, table } from "../answer.js";
import { lines } from "../charts.js";
import { button, h } from "../dom.js";
import { explore, without } from "../explore.js";
import { takeaway } from "../takeaway.js";
import { bucket, compact, day, dollars, number, usd } from "../format.js";
import { breakdown, choice, conditions, section, segmentPicker, switcher } from "../parts.js";

const UNITS = [["day", "Day"], ["week", "Week"], ["month", "Month"]];
const NUMBERS = [["gross_usd_micros", "Gross"], ["net_usd_micros", "Net of refunds"], ["refund_usd_micros", "Refunds"], ["raw_usd_micros", "With repeats"], ["orders", "Orders"], ["buyers", "Buyers"], ["average_order_usd", "Average order"]];
const FOLLOWED = { day: [7, 14, 30], week: [4, 8, 12], month: [2, 3, 6] };
const numberOf = (params) => (NUMBERS.some(([name]) => name === params.get("number")) ? params.get("number") : "gross_usd_micros");

const read = (spec, params) => ({ interval: spec?.interval ?? "day", periods: spec?.periods ?? null, number: numberOf(params) });

function write(q) {
  const params = [];
  if (q.interval !== "day") params.push(["interval", q.interval]);
  if (q.periods !== null) params.push(["periods", q.periods]);
  params.push(["number", q.number]);
  return params;
}

function controls(q, set) {
  const lengths = [...new Set([...FOLLOWED[q.interval], q.periods ?? FOLLOWED[q.interval][0]])].sort((one, other) => one - other);
  return [
    section("Revenue", null, choice("Show", NUMBERS, q.number, (name) => set({ number: name })),
      switcher("Bucket", UNITS, q.interval, (interval) => set({ interval, periods: q.periods === null ? null : FOLLOWED[interval][1] }))),
    section("Value of new users", null, choice("Followed for", [["", "Not followed"], ...lengths.map((each) => [String(each), `${each} ${q.interval}s`])], q.periods === null ? "" : String(q.periods), (periods) => set({ periods: periods ? Number(periods) : null }))),
    section("Break down by", q.by.length ? choice("Groups", [5, 10, 20].map((each) => [String(each), `Top ${each}`]), String(q.top), (top) => set({ top: Number(top) }), { unseen: true }) : null,
      breakdown(q.by, (by) => set({ by }))),
    section("Only orders with", button("Add a condition", () => set({ where: [...q.where, { column: "", operator: "is", values: [] }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
      conditions(q.where, (where) => set({ where }), "all orders")),
    section("Users", null, segmentPicker(q.segment, (segment) => set({ segment }))),
  ];
}

const isMoney = (name) => name.includes("_usd");
const valueOf = (amounts, name) => (amounts === null || amounts[name] === null ? null : name.endsWith("_micros") ? dollars(amounts[name]) : amounts[name]);
const shownOf = (name) => (value) => (isMoney(name) ? usd(value) : number(value));
const groupName = (group) => group.map((each) => each ?? "(none)").join(" · ") || "All orders";
const mean = (given) => (given && given.low !== null ? `${usd(given.low)}–${usd(given.high)} at 95%` : "");

function trendCard(answer, q, { params }) {
  const starts = [...new Set(answer.buckets.map((each) => each.start))];
  const groups = answer.totals.map((each) => each.group);
  const at = new Map(answer.buckets.map((each) => [`${each.start} ${JSON.stringify(each.group)}`, each]));
  const find = (start, group) => at.get(`${start} ${JSON.stringify(group)}`);
  const [, title] = NUMBERS.find(([name]) => name === q.number);
  const format = shownOf(q.number);
  const drawn = groups.slice(0, 8).map((group, place) => ({ name: groupName(group), place, values: starts.map((start) => valueOf(find(start, group)?.amounts ?? null, q.number)) }));
  const complete = starts.map((start) => groups.every((group) => find(start, group)?.is_complete ?? true));
  const names = NUMBERS.map(([name]) => name);
  return chartCard({
    title, badge: finality(answer.finality), name: "revenue", ...downloads("revenue", params), label: `${title} by ${q.interval}`, size: "tall",
    option: lines({ labels: starts.map((each) => bucket(each, q.interval)), titles: starts.map((each) => (q.interval === "day" ? day(each, { year: true, weekday: true }) : bucket(each, q.interval))),
      lines: drawn, format, axis: isMoney(q.number) ? (value) => usd(value, { brief: true }) : compact, complete, area: drawn.length === 1 }),
    table: {
      heads: [q.interval[0].toUpperCase() + q.interval.slice(1), ...(groups.length > 1 ? ["Group"] : []), ...NUMBERS.map(([, text]) => text), "State"], left: groups.length > 1 ? 2 : 1,
      rows: answer.buckets.map((each) => [each.start, ...(groups.length > 1 ? [groupName(each.group)] : []), ...names.map((name) => shownOf(name)(valueOf(each.amounts, name))), each.is_complete ? "complete" : "incomplete"]),
    },
    under: legend(drawn, groups.length),
  });
}

function totalsCard(answer, { params }) {
  const totals = table({
    caption: "Totals by group", heads: ["Group", "Gross", "Orders", "Average order", "95% interval", "Buyers", "Per buyer", "Refunds"],
    rows: answer.totals.map((each) => [groupName(each.group), usd(valueOf(each.amounts, "gross_usd_micros")), number(each.amounts.orders), usd(each.average_order?.value), mean(each.average_order),
      number(each.amounts.buyers), usd(each.per_buyer?.value), usd(valueOf(each.amounts, "refund_usd_micros"))]),
  });
  return h("section.card", { "aria-label": "Totals" }, h("header", null, h("h2", null, "Totals"), h("span.muted.small", null, answer.spec.query.by.join(", ")), h("span.grow"),
    takeaway({ title: "Totals", name: "revenue-totals", json: downloads("revenue", params).json, table: () => totals.querySelector("table") })), h("div.body", null, totals));
}

/** Each cohort's value to the end of each period, darker the more. */
function lifetimeCard(answer, q, { params }) {
  const cohorts = [...new Set(answer.lifetime.map((each) => each.cohort))];
  const periods = [...new Set(answer.lifetime.map((each) => each.period))].sort((one, other) => one - other);
  const at = new Map(answer.lifetime.map((each) => [`${each.cohort} ${each.period}`, each]));
  const most = Math.max(...answer.lifetime.map((each) => each.value?.value ?? 0), 1e-9);
  const cell = (cohort, period) => {
    const found = at.get(`${cohort} ${period}`);
    const label = `${day(cohort, { year: true })}, ${q.interval} ${period}`;
    if (!found?.value) return h("td.void", { title: `${label}: not complete yet` }, h("span", null, h("span.unseen", null, "not complete yet")));
    const inner = h("span", null, usd(found.value.value));
    inner.style.backgroundColor = `rgb(var(--heat) / calc(var(--heat-most) * ${Math.sqrt(Math.max(0, found.value.value) / most).toFixed(3)}))`;
    return h("td", { title: `${label}: ${mean(found.value)}` }, inner);
  };
  const heat = h("table.heat", null,
    h("caption.unseen", null, `Gross revenue a new user has brought, by ${q.interval}`),
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "New in"), h("th", { scope: "col" }, "Users"), periods.map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", null, cohorts.map((cohort) => h("tr", null, h("th", { scope: "row" }, q.interval === "month" ? bucket(cohort, "month") : day(cohort)), h("td.size", null, number(answer.lifetime.find((each) => each.cohort === cohort).users)), periods.map((period) => cell(cohort, period))))));
  heat.style.minWidth = `${200 + 62 * periods.length}px`;
  return h("section.card.later", { "aria-label": "Value of new users" },
    h("header", null, h("h2", null, "Value of new users"), h("span.muted.small", null, `Gross a user until the end of each ${q.interval}`), h("span.grow"), h("span.row.small.muted", null, h("span.void-key", { "aria-hidden": "true" }), "not complete yet"),
      takeaway({ title: "Value of new users", name: "value-of-new-users", json: downloads("revenue", params).json, table: () => heat })),
    h("div.body", null, h("div.scroll.heat-scroll", { tabindex: "0", role: "region", "aria-label": "Value of new users" }, heat)));
}

function numbers(answer) {
  const [total] = answer.totals;
  const { amounts } = total;
  return bigNumbers([
    { name: "Gross", value: usd(valueOf(amounts, "gross_usd_micros"), { cents: false }), more: amounts.raw_usd_micros === amounts.gross_usd_micros ? "no repeats" : `${usd(valueOf(amounts, "raw_usd_micros"), { cents: false })} with repeats` },
    { name: "Orders", value: number(amounts.orders), more: amounts.orders_without_id ? `${number(amounts.orders_without_id)} without an id` : "each with an id" },
    { name: "Average order", value: usd(total.average_order?.value), more: mean(total.average_order) },
    { name: "Buyers", value: number(amounts.buyers), more: total.per_buyer ? `${usd(total.per_buyer.value)} each` : "" },
    { name: "Per user", value: usd(total.per_user?.value), more: mean(total.per_user) },
    amounts.refund_usd_micros !== null && { name: "Refunds", value: usd(valueOf(amounts, "refund_usd_micros"), { cents: false }), more: "on the day of the refund" },
  ].filter(Boolean));
}

function draw(answer, q, tools) {
  if (!answer.totals.length || !answer.totals.some((each) => each.amounts.purchase_events)) return [nothing("No orders", "No order of these days meets the conditions.", "revenue"), how(answer)];
  const broken = answer.spec.query.by.length > 0;
  return [!broken && numbers(answer), trendCard(answer, q, tools), broken && totalsCard(answer, tools), answer.lifetime.length > 0 && lifetimeCard(answer, q, tools), how(answer)];
}

export const page = {
  asked: (params) => ({ path: "revenue", params: without(params, "number") }), start: async () => [["interval", "week"], ["periods", "8"]],
  read, write, controls, draw,
};
explore(page);
