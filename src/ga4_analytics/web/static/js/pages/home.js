// The key numbers of the last days.

import "../shell.js";
import { get, pageAddress } from "../api.js";
import { chartCard, downloads, finality, how, nothing, table, wrong } from "../answer.js";
import { chart, lines, spark } from "../charts.js";
import { facts, fill, h, icon } from "../dom.js";
import { compact, day, days, number, signed, usd } from "../format.js";
import { ready } from "../shell.js";
import { eventText } from "../words.js";

const root = document.getElementById("home");
const NAMES = { users: "Users", new_users: "New users", sessions: "Sessions", events: "Events", orders: "Orders", revenue_usd: "Revenue" };
const LINKS = {
  users: "series=users+of+*", new_users: "series=new_users+of+*", sessions: "series=sessions+of+*", events: "series=*",
  orders: "series=purchase", revenue_usd: "series=sum(revenue_usd)+of+*",
};
const ROLLING = { active_users: "1 day", rolling_7d_users: "7 days", rolling_28d_users: "28 days" };

const shown = (each, brief = false) => (each.unit === "usd" ? usd(each.value, { cents: false, brief }) : number(each.value));

function keyNumber(each, overview) {
  const place_ = h("div.spark.drawn", { "aria-hidden": "true" });
  place_.draw = () => { if (each.daily?.some((value) => value !== null)) chart(place_, spark(each.daily), { label: NAMES[each.name] }); };
  const better = each.change !== null && each.change !== 0 && h("span", { class: each.change > 0 ? "up" : "down" }, signed(each.change));
  const before = each.unit === "usd" ? usd(each.previous, { cents: false }) : number(each.previous);
  const more = each.value === null ? "The files cannot tell" : each.change === null
    ? "Nothing to compare with" : [better || "unchanged", ` from ${before}`];
  return h("div.fact", null,
    h("dt", null, h("a.fact-link", { href: pageAddress("trends", `${LINKS[each.name]}&from=${overview.start}&to=${overview.end}`) }, NAMES[each.name])),
    h("dd.number", { title: each.unit === "usd" ? usd(each.value) : null }, shown(each)),
    h("dd.more", null, more), h("dd", null, place_));
}

function rollingCard(overview) {
  const names = Object.keys(ROLLING).filter((name) => overview.rolling[name].some((value) => value !== null));
  if (!names.length) return null;
  const labels = overview.days.map((each) => day(each));
  return chartCard({
    title: "Active users", name: "active-users", ...downloads("trends", new URLSearchParams([...names.map((name) => ["series", `${name} of *`]), ["from", overview.start], ["to", overview.end]])),
    label: "Active users of each day, and of the 7 and 28 days that end there",
    option: lines({
      labels, titles: overview.days.map((each) => day(each, { year: true, weekday: true })), format: number, axis: compact,
      lines: names.map((name, place) => ({ name: ROLLING[name], values: overview.rolling[name], place })),
    }),
    table: {
      heads: ["Day", ...names.map((name) => ROLLING[name])],
      rows: overview.days.map((each, at) => [each, ...names.map((name) => number(overview.rolling[name][at]))]),
    },
  });
}

function qualityCard(status) {
  const found = status.datasets.find((each) => each.dataset === status.dataset);
  const checked = status.verification?.find((each) => each.dataset === status.dataset);
  const rejected = Object.values(found.rejects);
  const moment = (us) => (us ? `${new Date(us / 1000).toISOString().slice(0, 16).replace("T", " ")} UTC` : "not known");
  const line = (good, name, value) => h("li.row", null, h("span.badge", { class: good }, icon(good === "good" ? "check" : "alert")), h("span.grow", null, name), h("strong", null, value));
  return h("section.card", { "aria-label": "Data" }, h("header", null, h("h2", null, "Data")), h("div.body.stack", null,
    h("ul.stack", null,
      line("good", "Days loaded", `${number(found.days)}${found.gap_days ? `, ${found.gap_days} missing` : ""}`),
      line(found.complete_days === found.days ? "good" : "warn", "Complete through", found.last_complete_day ?? "not known"),
      line(found.final_days === found.days ? "good" : "warn", "Final through", found.last_final_day ?? "not yet"),
      line(rejected.length ? "warn" : "good", "Rejected records", rejected.length ? rejected.map(number).join(", ") : "none"),
      checked && line(checked.agrees ? "good" : "bad", "SQL and index", checked.agrees ? `${compact(checked.cells)} numbers agree` : "differ"),
    ),
    h("p.small.muted", null, `Published ${moment(status.published_at_us)}; ${number(found.events)} events of ${number(found.users)} users; zone ${facts.zone ?? "not known"}.`)));
}

function eventsCard(events) {
  return h("section.card", { "aria-label": "Events" }, h("header", null, h("h2", null, "Events"), h("span.muted.small", null, `${number(events.length)} kinds`)),
    h("div.body", null, table({
      caption: "Events by how often they come", heads: ["Event", "Events", "Users"],
      rows: events.slice(0, 12).map((each) => [
        h("a", { href: pageAddress("trends", { series: eventText({ names: [each.name] }) }) }, each.name), number(each.events), number(each.users)]),
    })));
}

async function show() {
  if (!facts.last) {
    fill(root, nothing("No days are loaded", "Load an export with `ga4 load`, then build with `ga4 build`.", "data"));
    return;
  }
  const [{ overview }, { status }, { events }] = await Promise.all([get("overview"), get("status"), get("events")]);
  fill(document.getElementById("tools"), h("span.muted", null, days(overview.start, overview.end)), finality(overview.finality));
  const raw = overview.raw_revenue_usd;
  const gross = overview.numbers.find((each) => each.name === "revenue_usd").value;
  fill(root,
    h("dl.facts.key-numbers", null, overview.numbers.map((each) => keyNumber(each, overview))),
    h("p.small.muted", null, `Against the ${overview.days.length} days before, ${days(overview.previous_start, overview.previous_end)}.`,
      raw !== null && raw !== gross && ` Repeated purchase events counted again, revenue would be ${usd(raw, { cents: false })}.`),
    h("div.grid", null, h("div.w8", null, rollingCard(overview)), h("div.w4.even", null, qualityCard(status)),
      h("div.w12", null, eventsCard(events))),
    how(overview));
  for (const node of root.querySelectorAll(".card, .drawn")) node.draw?.();
}

try {
  await show();
} catch (error) {
  fill(root, wrong(error));
}
root.setAttribute("aria-busy", "false");
ready(true);
