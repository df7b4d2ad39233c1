// Boards: views of other pages that are drawn live, side by side.

import { get, pageAddress, write } from "../api.js";
import { nothing, wrong } from "../answer.js";
import { nameFor, told } from "../boardsave.js";
import { tidy } from "../charts.js";
import { button, fill, h, icon, say, toast } from "../dom.js";
import { stateOf } from "../explore.js";
import { number } from "../format.js";
import { closePopover, popover } from "../picker.js";
import { ready, shareButton } from "../shell.js";

const WIDE = ["paths"];
const root = document.getElementById("boards");
const tools = document.getElementById("tools");
const head = document.querySelector("h1");
const plain = head.textContent;
const chosen = () => new URLSearchParams(location.search).get("board");
let edited = false;

/** Go to a board, or to all of them. */
function go(board) {
  history.pushState(null, "", pageAddress("boards", board ? { board } : {}));
  edited = false;
  show();
}

/** Ask for one line of text under a button. */
function askText(anchor, { label, value = "", does }, onsave) {
  const input = h("input", { type: "text", value, maxlength: "200", required: true });
  popover(anchor, h("form.fields", { onsubmit: (event) => { event.preventDefault(); const text = input.value.trim(); if (text) { closePopover(true); onsave(text); } } },
    h("label.field", null, h("span", null, label), input), button(does, null, { kind: "primary", type: "submit" })), { label });
}

/** All boards */

function newBoard(boards) {
  const anchor = button("New board", () => askText(anchor, { label: "Title of the board", does: "Make the board" }, async (title) => {
    try {
      const name = nameFor(title, boards.map((each) => each.name));
      await write("PUT", `boards/${name}`, { board: { title, views: [] }, edition: null });
      go(name);
    } catch (error) { toast(told(error)); }
  }), { kind: "primary", symbol: "plus", "aria-haspopup": "dialog", "aria-expanded": "false" });
  return anchor;
}

/** A board whose file cannot be read: what is wrong with it, and a way to be rid of it. */
function damagedBoard(problem) {
  const remove = button(`Remove the file of ${problem.name}`, () => popover(remove, h("div.fields", null,
    h("p", null, `Remove the file of “${problem.name}”? What it still holds is lost.`),
    button("Remove it for good", async () => {
      closePopover();
      try { await write("DELETE", `boards/${problem.name}`); toast(`${problem.name} is removed`); } catch (error) { toast(told(error)); }
      show();
    }, { kind: "primary" })), { label: "Remove the file" }), { kind: "tiny", symbol: "x", "aria-haspopup": "dialog", "aria-expanded": "false" });
  return h("li.card.damaged", null, h("h2.row", null, icon("alert"), problem.name), h("p.small", null, "This board cannot be read. ", problem.detail), h("p.small.muted", null, problem.rule), h("div", null, remove));
}

async function showAll() {
  const { boards, damaged } = await get("boards");
  head.textContent = plain;
  fill(tools, newBoard([...boards, ...damaged]));
  if (!boards.length && !damaged.length) return [nothing("No boards yet", "Ask something on Trends, Funnel, Retention, Paths or Segments and choose “Save to board”.", "boards")];
  return [h("ul.boardlist", null, boards.map(({ name, board }) => h("li.card", null,
    h("h2", null, h("a", { href: pageAddress("boards", { board: name }) }, board.title)),
    h("p.small.muted", null, board.views.length === 1 ? "1 view" : `${number(board.views.length)} views`),
    h("ul", null, board.views.slice(0, 4).map((each) => h("li.cut", null, each.title)), board.views.length > 4 && h("li", null, `and ${board.views.length - 4} more`)))), damaged.map(damagedBoard))];
}

/** One board */

/** Where the page of a view is; a property that it names stays named. */
const addressOf = (view) => `/${view.page}${view.query ? `?${view.query}` : ""}`;

function paramsOf(view) {
  const params = new URLSearchParams(view.query);
  const dataset = new URLSearchParams(location.search).get("dataset");
  if (dataset && !params.has("dataset")) params.set("dataset", dataset);
  return params;
}

/** The chart of a view, which its own page draws. */
async function drawView(view, body) {
  try {
    const { page } = await import(`./${view.page}.js`);
    const params = paramsOf(view);
    const asked = page.asked(params);
    const answer = await get(asked.path, asked.params);
    const set = () => location.assign(addressOf(view));
    const nodes = page.draw(answer, stateOf(page, answer, params), { set, params: asked.params }).flat(Infinity).filter((node) => node instanceof Element);
    const card = nodes.find((node) => node.matches(".card") && node.draw) ?? nodes.find((node) => node.matches(".card:not(.how)")) ?? nothing("No chart", "This view has none.");
    fill(body, card);
    card.draw?.();
  } catch (error) {
    if (!error.title) console.error(error);
    fill(body, wrong(error));
  }
  body.setAttribute("aria-busy", "false");
}

function tile(view, place, board, change) {
  const body = h("div.drawn", { "aria-busy": "true" }, h("div.card", null, h("div.body", null, h("p.unseen", null, "Loading"), h("div.skeleton.figure"))));
  body.draw = () => { body.draw = null; return drawView(view, body); };
  const move = (to) => change(board.views.toSpliced(place, 1).toSpliced(to, 0, view), `${view.title} is now ${to + 1}.`);
  const rename = button(`Rename ${view.title}`, () => askText(rename, { label: "Title of the view", value: view.title, does: "Rename" },
    (title) => change(board.views.with(place, { ...view, title }))), { kind: "quiet tiny square", symbol: "edit", bare: true, "aria-haspopup": "dialog", "aria-expanded": "false" });
  const down = button(`Move ${view.title} back`, () => move(place + 1), { kind: "quiet tiny square", symbol: "up-step", bare: true, disabled: place === board.views.length - 1 });
  down.classList.add("turned");
  return h("section.tile", { class: WIDE.includes(view.page) ? "w12" : "w6", "aria-label": view.title },
    h("div.tile-head", null, h("h2.cut", { title: view.title }, h("a", { href: addressOf(view) }, view.title)),
      edited && [rename, button(`Move ${view.title} forward`, () => move(place - 1), { kind: "quiet tiny square", symbol: "up-step", bare: true, disabled: place === 0 }), down,
        button(`Remove ${view.title}`, () => change(board.views.toSpliced(place, 1), `${view.title} is removed.`), { kind: "quiet tiny square", symbol: "x", bare: true })]),
    body);
}

function boardTools({ name, board }, save) {
  const rename = button("Rename", () => askText(rename, { label: "Title of the board", value: board.title, does: "Rename" }, (title) => save({ ...board, title })), { symbol: "edit", "aria-haspopup": "dialog", "aria-expanded": "false" });
  const remove = button("Remove board", () => {
    popover(remove, h("div.fields", null, h("p", null, `Remove “${board.title}” with its ${board.views.length} views? This cannot be undone.`),
      button("Remove it for good", async () => {
        closePopover();
        try { await write("DELETE", `boards/${name}`); toast(`${board.title} is removed`); go(null); } catch (error) { toast(told(error)); }
      }, { kind: "primary" })), { label: "Remove board" });
  }, { symbol: "x", "aria-haspopup": "dialog", "aria-expanded": "false" });
  fill(tools, button("All boards", () => go(null), { symbol: "boards" }),
    edited && [rename, remove],
    button(edited ? "Done" : "Edit board", () => { edited = !edited; show(); }, { kind: edited ? "primary" : "", symbol: edited ? "check" : "edit" }), shareButton());
}

async function showOne(name) {
  const found = await get(`boards/${encodeURIComponent(name)}`);
  const { board, edition } = found;
  head.textContent = board.title;
  const save = async (changed, words = "Saved.") => {
    try { await write("PUT", `boards/${name}`, { board: changed, edition }); say(words); } catch (error) { toast(told(error)); }
    await show();
  };
  boardTools(found, save);
  if (!board.views.length) return [nothing("The board is empty", "Ask something on another page and choose “Save to board”.", "boards")];
  return [h("div.grid", null, board.views.map((view, place) => tile(view, place, board, (views, words) => save({ ...board, views }, words))))];
}

async function show() {
  ready(false);
  closePopover();
  const name = chosen();
  let nodes;
  try {
    nodes = name ? await showOne(name) : await showAll();
  } catch (error) {
    if (!error.title) console.error(error);
    fill(tools, h("a.button", { href: pageAddress("boards") }, icon("boards"), "All boards"));
    nodes = [wrong(error)];
  }
  if (chosen() !== name) return;
  const focus = document.activeElement?.getAttribute("aria-label");
  fill(root, nodes);
  tidy();
  await Promise.all([...root.querySelectorAll(".drawn")].map((node) => node.draw?.()));
  if (focus) [...root.querySelectorAll("[aria-label]")].find((node) => node.getAttribute("aria-label") === focus)?.focus({ preventScroll: true });
  root.setAttribute("aria-busy", "false");
  ready(true);
}

window.addEventListener("popstate", () => { edited = false; show(); });
await show();
