// One user's timeline of events by session; and whom to look at.

import { get, pageAddress } from "../api.js";
import { bigNumbers, chartCard, downloads, finality, how, nothing, wrong } from "../answer.js";
import { bars } from "../charts.js";
import { button, fill, h, icon } from "../dom.js";
import { explore, without } from "../explore.js";
import { compact, day, days, number, usd } from "../format.js";
import { conditions, eventRow, section, segmentPicker } from "../parts.js";
import { eventOf, eventShown, eventText, unread } from "../words.js";

const SHOWN = 200;
const PAGE = 100;
const TELLING = ["revenue_usd", "page_path", "transaction_id", "source", "device_category"];

function read(spec, params) {
  const key = params.get("key") ?? "";
  if (spec?.key !== undefined) return { key, event: unread(params.get("step") ?? "*"), skip: spec.skip, limit: spec.limit };
  return { key, event: spec ? eventOf(spec.steps[0]) : unread(params.get("step") ?? "*"), skip: 0, limit: PAGE };
}

function write(q) {
  if (!q.key) return [["step", eventText(q.event)]];
  const params = [["key", q.key]];
  const step = eventText(q.event);
  if (step !== "*") params.push(["step", step]);
  if (q.skip) params.push(["skip", q.skip]);
  if (q.limit !== PAGE) params.push(["limit", q.limit]);
  return params;
}

/** One user is asked by key; whom to look at is a funnel of one step, which knows its users. */
function asked(params) {
  if (params.get("key")) return { path: "user", params: without(params, "step", "segment", "by", "top") };
  return { path: "funnel", params: without(params, "key", "skip", "limit") };
}

function controls(q, set) {
  const input = h("input.grow", { type: "text", "aria-label": "User key", value: q.key, placeholder: "User key", spellcheck: "false", autocomplete: "off",
    onchange: (event) => set({ key: event.target.value.trim(), skip: 0 }) });
  const only = section("Only events with", button("Add a condition", () => set({ where: [...q.where, { column: "", operator: "is", values: [] }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
    conditions(q.where, (where) => set({ where, skip: 0 }), "all events"));
  const find = section("One user", null, h("div.row.tight", null, input, button("Show the user", () => input.blur(), { kind: "square", symbol: "search", bare: true })),
    q.key && h("div", null, button("Find other users", () => set({ key: "", skip: 0 }), { kind: "tiny", symbol: "users" })));
  if (q.key) return [find, only];
  return [
    find,
    section("Or users who did", null, h("ol", null, eventRow({ event: q.event, label: "the event", mark: "A", onchange: (event) => set({ event }) }))),
    only, section("Users", null, segmentPicker(q.segment, (segment) => set({ segment }))),
  ];
}

/** A list of users of whom one is chosen. */
function listCard(answer, q, { params }) {
  const all = answer.steps[0].users;
  const body = h("div.body", { "aria-busy": "true" }, h("p.muted", null, "Looking …"));
  const card = h("section.card.drawn", { "aria-label": "Users" }, h("header", null, h("h2", null, "Users"), finality(answer.finality), h("span.muted.small", null, `${number(Math.min(all, SHOWN))} of ${number(all)}, in the order of their keys`)), body);
  card.draw = async () => {
    card.draw = null;
    const found = new URLSearchParams(params);
    found.set("limit", SHOWN);
    try {
      const { users } = await get("funnel-users", found);
      const step = eventText(q.event);
      fill(body, h("ol.keys.columns", null, users.map((key) => h("li", null, h("a", { href: pageAddress("users", step === "*" ? { key } : { key, step }) }, key)))));
    } catch (error) {
      fill(body, wrong(error));
    }
    body.setAttribute("aria-busy", "false");
  };
  return card;
}

function drawList(answer, q, tools) {
  const all = answer.steps[0].users;
  if (!all) return [nothing("Nobody", `No user of these days did ${eventShown(q.event)} with these conditions.`, "users"), how(answer)];
  return [listCard(answer, q, tools), how(answer)];
}

const clock = (each) => (each.local ?? each.utc)?.slice(11, 19) ?? "no time";

/** The values of an event, those without one left out. */
const held = (columns) => Object.entries(columns).filter(([, value]) => value !== null && value?.length !== 0);
const shown = (name, value) => (Array.isArray(value) ? value.join(", ") : typeof value === "number" ? (name.endsWith("_usd") ? usd(value) : number(value)) : value);

function eventNode(each, place) {
  const values = held(each.columns);
  const telling = TELLING.filter((name) => each.columns[name] !== null && each.columns[name] !== undefined).slice(0, 2);
  const details = h("details.event", null,
    h("summary", null, icon("right"), h("time", { datetime: each.utc }, clock(each)), h("span.dot", { class: `series-${(place % 8) + 1}`, "aria-hidden": "true" }),
      h("span.name.cut", { title: each.event }, each.event),
      h("span.cut.muted.small.more", null, telling.map((name) => shown(name, each.columns[name])).join(" · ")),
      each.tied ? h("span.badge", { title: "Nothing tells its order towards the event before or after" }, "tied") : h("span")));
  // The values are drawn when they are looked at: a page has a hundred events.
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const facts = [["number", `${number(each.number)} of all events of the user`], ["utc", each.utc ?? "no time of its own"], ["local", each.local ?? "the zone is not known"]];
    details.append(h("dl", null, [...facts, ...values.map(([name, value]) => [name, shown(name, value)])].map(([name, value]) => [h("dt", null, name), h("dd", null, value)])));
  });
  return details;
}

/** The events of the page, a list a session; events without one stand where they come. */
function visits(timeline) {
  const found = [];
  for (const each of timeline) {
    if (!found.length || found.at(-1).session !== each.session) found.push({ session: each.session, events: [] });
    found.at(-1).events.push(each);
  }
  return found;
}

function visitNode({ session, events }, placeOf) {
  const [first, last] = [events[0], events.at(-1)];
  return h("section.visit", { "aria-label": session ? `Session ${session}` : "Outside sessions" },
    h("header", null, h("h3", null, session ? `Session ${number(session)}` : "Outside sessions"), h("strong", null, day(first.day, { year: true, weekday: true })),
      h("span.muted.small", null, `${number(events.length)} ${events.length === 1 ? "event" : "events"}, `, events.length === 1 ? clock(first) : `${clock(first)} – ${clock(last)}`)),
    events.map((each) => eventNode(each, placeOf(each.event))));
}

function timelineCard(answer, q, { params, set }) {
  const names = [...new Set(answer.timeline.map((each) => each.event))].sort();
  const { csv, json } = downloads("user", params);
  const { skip, limit } = answer.spec;
  const end = skip + answer.timeline.length;
  const turn = (label, to, symbol) => button(label, () => set({ skip: to }), { kind: "tiny", disabled: to === null || to < 0, symbol });
  const pages = answer.events > answer.timeline.length && h("div.row", { role: "group", "aria-label": "Pages" },
    turn("Earlier", skip ? Math.max(0, skip - limit) : null), turn("Later", answer.next_skip));
  return h("section.card", { "aria-label": "Timeline" },
    h("header", null, h("h2", null, "Timeline"), finality(answer.finality), h("span.muted.small", null, `${number(skip + 1)}–${number(end)} of ${number(answer.events)} events`), h("span.grow"), pages,
      h("div.row", { role: "group", "aria-label": "Download Timeline" },
        h("a.button.tiny.quiet", { href: csv, download: "user.csv", "aria-label": "Timeline as CSV" }, "CSV"), h("a.button.tiny.quiet", { href: json, download: "user.json", "aria-label": "Timeline as JSON" }, "JSON"))),
    h("div.body", null, visits(answer.timeline).map((each) => visitNode(each, (name) => names.indexOf(name)))));
}

/** On which days the user came: asked apart, so that the timeline does not wait for it. */
function activity(answer, params) {
  const asked_ = without(params, "key", "skip", "limit");
  asked_.set("series", "*");
  asked_.set("segment", JSON.stringify({ type: "listed", keys: [answer.key] }));
  const place = h("div.drawn", null, h("div.card", null, h("div.body", null, h("div.skeleton.line"), h("p.unseen", null, "Loading the days"))));
  place.draw = async () => {
    place.draw = null;
    try {
      const told = await get("trends", asked_);
      const values = told.lines[0]?.values ?? [];
      const labels = told.buckets.map((each) => day(each.start));
      const card = chartCard({
        title: "Events by day", name: "user-days", size: "short", label: "Events of the user by day", ...downloads("trends", asked_),
        option: bars({ labels, titles: told.buckets.map((each) => day(each.start, { year: true, weekday: true })), format: number, axis: compact, bars: [{ name: "Events", place: 0, values }] }),
        table: { heads: ["Day", "Events"], rows: told.buckets.map((each, at) => [each.start.slice(0, 10), number(values[at])]) },
      });
      fill(place, card);
      card.draw();
    } catch (error) {
      fill(place, wrong(error));
    }
  };
  return place;
}

function drawUser(answer, q, tools) {
  const numbers = bigNumbers([
    { name: "User", value: answer.key, more: "the user key", title: answer.key },
    { name: "Events", value: number(answer.events), more: days(answer.finality.start, answer.finality.end) },
    { name: "Sessions", value: number(answer.sessions), more: "with these events" },
    { name: "First day", value: day(answer.first_day), more: `${answer.first_day.slice(0, 4)}, in the data` },
    { name: "Last day", value: day(answer.last_day), more: `${answer.last_day.slice(0, 4)}, in the data` },
  ]);
  numbers.classList.add("of-user");
  if (!answer.timeline.length) return [numbers, nothing("No events", "No event of the user on these days meets the conditions.", "users"), how(answer)];
  return [numbers, activity(answer, tools.params), timelineCard(answer, q, tools), how(answer)];
}

export const page = {
  asked, read, write, controls, start: async () => [["step", "*"]],
  draw: (answer, q, tools) => (answer.timeline ? drawUser : drawList)(answer, q, tools),
};
explore(page);
