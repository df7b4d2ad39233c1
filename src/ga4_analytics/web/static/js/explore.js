// A page with a question and its answer: its state is the address; every change of the
// question changes the address, asks, and draws.

import "./shell.js";
import { get } from "./api.js";
import { button, facts, fill, h, keepFocus, say } from "./dom.js";
import { nothing, wrong } from "./answer.js";
import { keepButton } from "./boardsave.js";
import { tidy } from "./charts.js";
import { closePopover } from "./picker.js";
import { daysPicker } from "./parts.js";
import { ready, shareButton } from "./shell.js";
import { filterText, flat } from "./words.js";

const main = document.getElementById("main");
const form = document.getElementById("builder");
const answerNode = document.getElementById("answer");

/**
 * Run a page.
 * @param {object} page
 *   asked(params): the {path, params} that are asked of the API; start(): promises the first question, as parameters;
 *   read(spec, params): the form's state; write(q): its parameters, without those of every
 *   question; controls(q, set): nodes of the form; draw(answer, q, tools): nodes of the answer.
 *   none(): what is shown where start() finds nothing to ask; settled(q): whether all is said, where a change may leave something open;
 *   tools.set changes the question; tools.params are those that were asked.
 */
export function explore(page) {
  if (!form) return; // a board asks for the page's parts, not for the page
  let q = null;
  let asking = null;

  const set = (changed) => {
    q = { ...q, ...changed };
    if (!page.settled || page.settled(q)) {
      const params = parameters(page, q);
      history.pushState(null, "", `${location.pathname}?${params}`);
      ask(params); // first: the server answers while the form is drawn
    }
    showForm();
  };

  const showForm = () => {
    const scroll = form.scrollTop;
    keepFocus(form, () => fill(form, page.controls(q, set), h("section.builder-foot", null,
      button("Show the answer", () => openForm(false), { kind: "primary" }))));
    form.scrollTop = scroll;
    showTools();
  };

  const tools = document.getElementById("tools");
  const showTools = () => keepFocus(tools, () => fill(tools,
    button("Edit question", () => openForm(true), { symbol: "edit", kind: "only-narrow" }),
    daysPicker(q, (changed) => set({ from: "", to: "", last: "", ...changed })), keepButton(), shareButton()));

  const ask = async (params, first = false) => {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    ready(false);
    answerNode.setAttribute("aria-busy", "true");
    main.classList.add("is-busy");
    try {
      const asked = page.asked(params);
      const answer = await get(asked.path, asked.params, signal);
      if (signal.aborted) return;
      if (first) { q = stateOf(page, answer, params); showForm(); }
      draw(page.draw(answer, q, { set, params: asked.params }));
      say("The answer is shown.");
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!error.status && !error.title) console.error(error);
      if (first) { q = { ...common(null, params, page.keep), ...page.read(null, params) }; showForm(); }
      draw([wrong(error, button("Start afresh", () => location.assign(location.pathname)))]);
    }
    if (signal.aborted) return;
    answerNode.setAttribute("aria-busy", "false");
    main.classList.remove("is-busy");
    ready(true);
  };

  const draw = (nodes) => {
    keepFocus(answerNode, () => fill(answerNode, h("div.busy", { "aria-hidden": "true" }), nodes));
    tidy();
    for (const card of answerNode.querySelectorAll(".card, .drawn")) card.draw?.();
  };

  const begin = async () => {
    closePopover();
    if (!facts.last) { draw([nothing("No days are loaded", "Load an export with `ga4 load`, then build with `ga4 build`.", "data")]); ready(true); return; }
    let params = new URLSearchParams(location.search);
    const own = [...params.keys()].filter((name) => name !== "dataset" && name !== "tab");
    if (!own.length) {
      const first = await page.start(params);
      if (!first) { draw([page.none()]); answerNode.setAttribute("aria-busy", "false"); ready(true); return; }
      params = new URLSearchParams([...first, ...params]);
      history.replaceState(null, "", `${location.pathname}?${params}`);
    }
    await ask(params, true);
  };

  window.addEventListener("popstate", begin);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") openForm(false); });
  document.addEventListener("pointerdown", ({ target }) => {
    if (form.classList.contains("open") && !form.contains(target) && !target.closest(".popover")) openForm(false);
  });
  begin();
}

/** What the form of a page holds, from an answer and the parameters that asked for it. */
export function stateOf(page, answer, params) {
  const { spec } = answer.results?.[0] ?? answer;
  return { ...common(spec, params, page.keep), ...page.read(spec, params) };
}

function openForm(open) {
  form.classList.toggle("open", open);
  if (open) form.querySelector("button, select, input")?.focus();
  else if (innerWidth <= 860) document.querySelector("#tools .button")?.focus();
}

/** The parts of a question that every page has. */
function common(spec, params, keep) {
  const query = spec?.query;
  const where = flat(query?.where);
  return {
    from: params.get("last") ? "" : params.get("from") ?? "",
    to: params.get("last") ? "" : params.get("to") ?? "",
    last: (params.get("last") ?? "").replace("d", ""),
    where: (where ?? []).map(({ column, operator, values }) => ({ column, operator, values: [...values] })),
    rawWhere: where === null ? query.where : null,
    by: [...(query?.by ?? [])],
    top: query?.top ?? 10,
    segment: params.get("segment") ?? "",
    kept: (keep ?? []).flatMap((name) => params.getAll(name).map((value) => [name, value])),
  };
}

function parameters(page, q) {
  const params = new URLSearchParams([...page.write(q), ...q.kept]);
  const add = (name, value) => { if (value) params.set(name, value); };
  add("from", q.from);
  add("to", q.to);
  if (q.last) params.set("last", `${q.last}d`);
  add("where", filterText(q.where, q.rawWhere));
  add("segment", q.segment);
  add("by", q.by.join(","));
  if (q.top !== 10) params.set("top", String(q.top));
  add("dataset", new URLSearchParams(location.search).get("dataset"));
  return params;
}

/** Parameters without those that only the page knows. */
export function without(params, ...names) {
  const found = new URLSearchParams(params);
  for (const name of names) found.delete(name);
  return found;
}
