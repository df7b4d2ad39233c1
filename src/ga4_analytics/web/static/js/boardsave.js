// The button that keeps what a page shows on a board.

import { get, pageAddress, write } from "./api.js";
import { button, facts, fill, h, icon, say, toast } from "./dom.js";
import { popover } from "./picker.js";

const ASKED = ["name", "step", "series", "start_event", "anchor", "compare"];

/** What a view is called before somebody says better. */
function titleOf(params) {
  const page = document.querySelector("h1").textContent;
  const parts = ASKED.flatMap((name) => params.getAll(name)).map((each) => each.split("={")[0]);
  return `${page}${parts.length ? `: ${parts.join(", ")}` : ""}`.slice(0, 100);
}

/** A name for a new board's file: of its title's plain letters, and not taken. */
export function nameFor(title, taken) {
  const plain = title.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50) || "board";
  let name = plain;
  for (let again = 2; taken.includes(name); again += 1) name = `${plain}-${again}`;
  return name;
}

/** What went wrong, as one text. */
export const told = (error) => [error.detail ?? error.message, error.remedy].filter(Boolean).join(" ");

async function keep(boards, taken, chosen, fresh, title) {
  const there = boards.find((each) => each.name === chosen);
  const view = { page: location.pathname.slice(1), query: location.search.slice(1), title };
  const board = there ? { ...there.board, views: [...there.board.views, view] } : { title: fresh, views: [view] };
  const name = there?.name ?? nameFor(fresh, taken);
  await write("PUT", `boards/${name}`, { board, edition: there?.edition ?? null });
  return { name, title: board.title };
}

function form({ boards, damaged }, done) {
  const title = h("input", { type: "text", value: titleOf(new URLSearchParams(location.search)), maxlength: "200", required: true });
  const fresh = h("input", { type: "text", value: boards.length ? "" : "My board", maxlength: "200" });
  const freshField = h("label.field", null, h("span", null, "Title of the new board"), fresh);
  const choice = h("select", { onchange: () => { freshField.hidden = choice.value !== ""; } },
    boards.map((each) => h("option", { value: each.name }, each.board.title)), h("option", { value: "" }, "A new board"));
  freshField.hidden = choice.value !== "";
  const said = h("div", { role: "status" });
  const save = async (event) => {
    event.preventDefault();
    try {
      done(await keep(boards, [...boards, ...damaged].map((each) => each.name), choice.value, fresh.value.trim(), title.value.trim()));
    } catch (error) {
      fill(said, h("p.notice", { role: "alert" }, told(error)));
    }
  };
  return h("form.fields", { onsubmit: save }, h("label.field", null, h("span", null, "Title"), title), h("label.field", null, h("span", null, "Board"), choice), freshField, said,
    button("Save to the board", null, { kind: "primary", type: "submit" }));
}

/** The button; nothing on a page whose views cannot be on a board. */
export function keepButton() {
  if (!facts.boards?.includes(location.pathname.slice(1))) return null;
  const anchor = button("Save to board", async () => {
    let there;
    try { there = await get("boards"); } catch (error) { toast(told(error)); return; }
    const place = h("div");
    const after = ({ name, title }) => {
      const link = h("a", { href: pageAddress("boards", { board: name }) }, "Open the board");
      fill(place, h("div.fields", null, h("p.row", null, icon("check"), h("span", null, `Saved to ${title}.`)), link));
      say(`Saved to ${title}.`);
      link.focus();
    };
    fill(place, form(there, after));
    popover(anchor, place, { label: "Save to board" });
  }, { symbol: "boards", kind: "share", "aria-label": "Save to board", "aria-haspopup": "dialog", "aria-expanded": "false" });
  return anchor;
}
