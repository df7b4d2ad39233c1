// Segments of users: made of conditions, saved, side by side, and how far they are the same.

import { Problem, get, list, pageAddress, write as send } from "../api.js";
import { bigNumbers, chartCard, downloads, finality, how, nothing, table, wrong } from "../answer.js";
import { bars } from "../charts.js";
import { button, fill, h, icon, toast } from "../dom.js";
import { explore } from "../explore.js";
import { compact, dollars, number, percent, range, usd } from "../format.js";
import { conditions, section, segmentPicker } from "../parts.js";
import { picker } from "../picker.js";
import { brief, fresh, isWhole, segmentForm } from "../segmentform.js";
import { takeaway } from "../takeaway.js";

const MOST = 16;
const SIGN = "={";
const isSaved = (text) => !text.includes(SIGN);

/** Texts of addresses as segments; their users are told by the answer. */
function read(spec, params) {
  const texts = params.getAll("compare");
  const drawn = spec?.segments ?? texts.map((text) => ({ name: text.split(SIGN)[0], users: null }));
  return { segments: drawn.map(({ name, users }, place) => ({ name, users, saved: isSaved(texts[place] ?? name), text: texts[place] })) };
}

function write(q) {
  return q.segments.map(({ name, users, saved, text }) => ["compare", saved ? name : users === null ? text : `${name}=${JSON.stringify(brief(users))}`]);
}

async function start() {
  const saved = (await get("saved-segments")).segments.slice(0, 4);
  if (saved.length) return saved.map((each) => ["compare", each.name]);
  const events = await list("events");
  const event = events.find((each) => each.name === "purchase") ?? events[0];
  return [["new", { ...fresh("was_new"), last_days: 28 }], [`did-${event.name}`.slice(0, 60), fresh("did", { names: [event.name] })], ["two-days", fresh("did_on_days", {})]]
    .map(([name, users]) => ["compare", `${name}=${JSON.stringify(users)}`]);
}

/** Ask only when all is said: until then the form alone changes. */
const settled = (q) => q.segments.every(({ users }) => users === null || isWhole(users));

const freeName = (q) => {
  for (let number_ = 1; ; number_ += 1) if (!q.segments.some((each) => each.name === `segment-${number_}`)) return `segment-${number_}`;
};

function saveForm(each, done) {
  const said = h("div", { role: "status" });
  const save = async (replace) => {
    try {
      await send("PUT", `saved-segments/${encodeURIComponent(each.name)}`, { users: brief(each.users), replace });
      toast(`Saved as ${each.name}`);
      done();
    } catch (error) {
      const taken = error instanceof Problem && error.detail.includes("already");
      fill(said, h("p.notice", { role: "alert" }, error.detail ?? error.message, " ", taken ? null : error.remedy),
        taken && button(`Replace ${each.name}`, () => save(true), { kind: "tiny" }));
    }
  };
  return [h("div", null, button(`Save ${each.name}`, () => save(false), { kind: "tiny", symbol: "save" })), said];
}

function segmentSection(q, set, each, place) {
  const change = (changed) => set({ segments: q.segments.with(place, { ...each, saved: false, ...changed }) });
  const name = h("input.grow", { type: "text", "aria-label": `Name of segment ${place + 1}`, value: each.name, maxlength: "64", spellcheck: "false", onchange: (event) => change({ name: event.target.value.trim() || each.name }) });
  return h("section", { "aria-label": `Segment ${each.name}` },
    h("div.row.tight", null, h("span.dot", { class: `series-${(place % 8) + 1}`, "aria-hidden": "true" }), name,
      q.segments.length > 1 && button(`Remove ${each.name}`, () => set({ segments: q.segments.toSpliced(place, 1) }), { kind: "quiet tiny square", symbol: "x", bare: true })),
    each.users && segmentForm({ users: each.users, name: each.name, onchange: (users) => change({ users }) }),
    each.saved ? h("p.small.muted", null, "Saved. A change makes it another, until it is saved again.") : each.users && saveForm(each, () => set({ segments: q.segments.with(place, { ...each, saved: true }) })));
}

function controls(q, set) {
  const put = (segment) => set({ segments: [...q.segments, segment] });
  return [
    q.segments.map((each, place) => segmentSection(q, set, each, place)),
    q.segments.length < MOST && section("Add a segment", null, h("div.row.tight", null,
      h("div.grow", null, picker({
        label: "Saved segment", shown: "A saved one", empty: true,
        options: async (text) => (await get("saved-segments")).segments.filter((each) => each.name.includes(text) && !q.segments.some((one) => one.name === each.name)).map((each) => ({ value: each.name, text: each.name, more: each.words })),
        onpick: async (name) => put({ ...(await get(`saved-segments/${encodeURIComponent(name)}`)), saved: true }),
      })),
      button("New segment", () => put({ name: freeName(q), users: fresh("did"), saved: false }), { symbol: "plus" }))),
    section("Measured by events with", button("Add a condition", () => set({ where: [...q.where, { column: "", operator: "is", values: [] }] }), { kind: "quiet tiny square", symbol: "plus", bare: true }),
      conditions(q.where, (where) => set({ where }), "all events")),
    section("Among", null, segmentPicker(q.segment, (segment) => set({ segment }))),
  ];
}

const money = (micros) => usd(dollars(micros));

function sizesCard(answer, { params }) {
  const { segments, everybody } = answer;
  return chartCard({
    title: "Side by side", badge: finality(answer.finality), name: "segments", ...downloads("segments", params), label: "Users of each segment",
    option: bars({ labels: segments.map((each) => each.name), format: number, axis: compact, named: true, bars: [{ name: "Users", place: 0, values: segments.map((each) => each.users) }] }),
    table: {
      heads: ["Segment", "Members", "Users on these days", "Share", "95% interval", "Events", "Sessions", "Active days", "Orders", "Revenue"],
      rows: [...segments, everybody].map((each) => [each.name || "All users", number(each.members), number(each.users), percent(each.share?.value), range(each.share?.low, each.share?.high),
        number(each.events), number(each.sessions), number(each.active_days), number(each.orders), money(each.gross_usd_micros)]),
    },
  });
}

/** Each segment against each: which share of the row is also in the column. */
function overlapCard(answer, { params }) {
  const names = answer.segments.map((each) => each.name);
  const share = (row, column) => {
    const pair = answer.overlaps.find((each) => (each.first === row && each.second === column) || (each.first === column && each.second === row));
    return pair.first === row ? [pair.of_first, pair.users] : [pair.of_second, pair.users];
  };
  const cell = (row, column) => {
    if (row === column) return h("td.void", { title: "the same segment" }, h("span", null, h("span.unseen", null, "the same segment")));
    const [part, users] = share(row, column);
    const inner = h("span", null, percent(part?.value));
    inner.style.backgroundColor = `rgb(var(--heat) / calc(var(--heat-most) * ${(part?.value ?? 0).toFixed(3)}))`;
    return h("td", { title: `${number(users)} users of ${row} are also in ${column}; ${range(part?.low, part?.high)} at 95%` }, inner);
  };
  const heat = h("table.heat", null,
    h("caption.unseen", null, "Share of each segment that is also in each other"),
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Of"), h("th", { scope: "col" }, "Users"), names.map((name) => h("th", { scope: "col", title: name }, h("span.cut.headcut", null, name))))),
    h("tbody", null, answer.segments.map((row) => h("tr", null, h("th", { scope: "row", title: row.name }, row.name), h("td.size", null, number(row.users)), names.map((name) => cell(row.name, name))))));
  heat.style.minWidth = `${200 + 116 * names.length}px`;
  return h("section.card", { "aria-label": "Overlap" }, h("header", null, h("h2", null, "Overlap"), h("span.muted.small", null, "Share of the row that is also in the column"), h("span.grow"),
    takeaway({ title: "Overlap", name: "overlap", json: downloads("segments", params).json, table: () => heat })),
    h("div.body", null, h("div.scroll", { tabindex: "0", role: "region", "aria-label": "Overlap of segments" }, heat)));
}

/** What users are in exactly: a row a combination, a dot a segment. */
function exactlyCard(answer, { params }) {
  const names = answer.segments.map((each) => each.name);
  const most = Math.max(...answer.combinations.map((each) => each.users), 1);
  const bar = (users) => {
    const inner = h("span.meter", { "aria-hidden": "true" });
    inner.style.width = `${((users / most) * 100).toFixed(2)}%`;
    return h("span.metered", null, inner);
  };
  const rows = answer.combinations.slice(0, 24).map((each) => [
    each.segments.join(" and ") || "in none of them",
    ...names.map((name, place) => (each.segments.includes(name) ? h("span.dot.big", { class: `series-${(place % 8) + 1}`, title: name }, h("span.unseen", null, "in")) : h("span.dot.big.off", null, h("span.unseen", null, "not in")))),
    number(each.users), bar(each.users)]);
  const whole = table({ caption: "Users by the segments that they are in", heads: ["In", ...names.map((name) => h("span.cut.headcut", { title: name }, name)), "Users", h("span.unseen", null, "As a bar")], rows, free: true });
  return h("section.card", { "aria-label": "Exactly in" }, h("header", null, h("h2", null, "Exactly in"), h("span.muted.small", null, "Each user is in one row"), h("span.grow"),
    takeaway({ title: "Exactly in", name: "exactly-in", json: downloads("segments", params).json, table: () => whole.querySelector("table") })),
    h("div.body", null, whole));
}

/** All that are saved, to be compared, used elsewhere or removed. */
function savedCard(q, { set }) {
  const body = h("div.body", { "aria-busy": "true" }, h("p.muted", null, "Looking …"));
  const card = h("section.card.drawn", { "aria-label": "Saved segments" }, h("header", null, h("h2", null, "Saved segments")), body);
  const show = async () => {
    try {
      const { segments, damaged } = await get("saved-segments");
      const link = (page, text, name) => h("a", { href: pageAddress(page, { segment: name }), "aria-label": `${text} of ${name}` }, text);
      fill(body, !segments.length ? h("p.muted", null, "None yet. Save one of those at the left; every other page then has it under “Users”.") : h("ul.savedlist", null, segments.map((each) => h("li", null,
        h("div.grow", null, h("strong", null, each.name), h("p.small.muted.clamp", { title: each.words }, each.words)),
        h("span.row.small", null, link("trends", "Trends", each.name), link("funnel", "Funnel", each.name), link("retention", "Retention", each.name)),
        !q.segments.some((one) => one.name === each.name) && button(`Compare ${each.name}`, () => set({ segments: [...q.segments, { name: each.name, users: each.users, saved: true }] }), { kind: "tiny square quiet", symbol: "plus", bare: true }),
        remove(each.name)))),
      damaged.map((each) => h("p.notice", { role: "alert" }, icon("alert"), h("span.grow", null, `${each.name} cannot be read: ${each.detail}`), remove(each.name))));
    } catch (error) {
      fill(body, wrong(error));
    }
    body.setAttribute("aria-busy", "false");
  };
  const remove = (name) => {
    const ask = button(`Remove ${name}`, () => { ask.replaceWith(sure); sure.focus(); }, { kind: "tiny square quiet", symbol: "x", bare: true });
    const sure = button(`Remove ${name} for good`, async () => {
      try { await send("DELETE", `saved-segments/${encodeURIComponent(name)}`); toast(`${name} is removed`); } catch (error) { toast(error.message); }
      // What is compared stays as it is, no longer by its name.
      if (q.segments.some((each) => each.saved && each.name === name)) set({ segments: q.segments.map((each) => (each.name === name ? { ...each, saved: false } : each)) });
      else show();
    }, { kind: "tiny" });
    return ask;
  };
  card.draw = () => { card.draw = null; show(); };
  return card;
}

function draw(answer, q, tools) {
  if (!answer.everybody.users) return [nothing("Nobody", "No user of these days has an event that meets the conditions.", "segments"), savedCard(q, tools), how(answer)];
  return [
    bigNumbers(answer.segments.slice(0, 5).map((each) => ({ name: each.name, title: each.name, value: percent(each.share?.value), more: `${number(each.users)} users` }))),
    sizesCard(answer, tools), answer.segments.length > 1 && overlapCard(answer, tools), exactlyCard(answer, tools), savedCard(q, tools), how(answer)];
}

export const page = { asked: (params) => ({ path: "segments", params }), start, read, write, controls, draw, settled };
explore(page);
