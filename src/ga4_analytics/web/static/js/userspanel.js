// The users behind a bar: their list, as a file, and as a segment that is kept.

import { Problem, address, get, pageAddress, write } from "./api.js";
import { wrong } from "./answer.js";
import { button, facts, fill, h, icon, toast } from "./dom.js";
import { number } from "./format.js";
import { switcher } from "./parts.js";

const SHOWN = 200;
const MOST = 100_000;

/**
 * Open the panel.
 * @param {object} given params: of the funnel; spec: the funnel; bar: its number; title; group: of
 *   a breakdown or null; counts: {reached, dropped, open}, null where the funnel cannot tell.
 */
export function usersPanel({ params, spec, bar, title, group, counts }) {
  const before = document.activeElement;
  const body = h("div.body", { "aria-busy": "true" });
  const foot = h("footer");
  const head = h("h2.grow.cut", { id: "panel-title" }, title);
  const node = h("dialog.panel", { "aria-labelledby": "panel-title" }, h("div.panel-in", null,
    h("header", null, head, button("Close", () => node.close(), { kind: "quiet square", symbol: "x", bare: true })), body, foot));
  node.addEventListener("close", () => { node.remove(); before?.focus?.(); });
  node.addEventListener("click", (event) => { if (event.target === node) node.close(); });
  document.body.append(node);
  node.showModal();

  const kinds = [["reached", "Reached"], ["dropped", "Dropped"], ["open", "Still open"]].filter(([kind]) => counts[kind] !== null);
  const ask = (kind, limit) => {
    const found = new URLSearchParams(params);
    found.set("bar", bar);
    found.set("kind", kind);
    found.set("limit", limit);
    if (group) found.set("group", JSON.stringify(group));
    return found;
  };
  const show = async (kind) => {
    const choices = kinds.length > 1 ? switcher("Which users", kinds.map(([name, text]) => [name, `${text} ${number(counts[name])}`]), kind, show) : null;
    fill(body, choices, h("p.muted", null, "Looking …"));
    try {
      const { users, has_more: more } = await get("funnel-users", ask(kind, SHOWN));
      fill(body, choices, users.length ? keys(users, more) : h("p.muted", null, "Nobody."));
      fill(foot, users.length ? keep(kind) : null);
    } catch (error) {
      fill(body, choices, wrong(error));
    }
    body.setAttribute("aria-busy", "false");
  };
  const keep = (kind) => {
    const name = h("input.grow", { type: "text", "aria-label": "Name of the segment", placeholder: "name-of-the-segment", pattern: "[a-z0-9][a-z0-9_\\-]*", maxlength: "64" });
    const save = async (event) => {
      event.preventDefault();
      try {
        const users = { type: "bar_question", spec, bar, kind, group, limit: MOST };
        await write("PUT", `saved-segments/${encodeURIComponent(name.value.trim())}`, { users });
        toast(`Saved as ${name.value.trim()}`);
        fill(foot, h("p.row", null, icon("check"), h("span", null, `Saved as ${name.value.trim()}.`),
          h("a", { href: pageAddress("retention", { segment: name.value.trim() }) }, "See who of them comes back")));
      } catch (error) {
        const text = error instanceof Problem ? [error.detail, error.remedy].filter(Boolean).join(" ") : error.message;
        form.after(h("p.notice", { role: "alert" }, text));
      }
    };
    const form = h("form.row.grow", { onsubmit: (event) => { foot.querySelector(".notice")?.remove(); return save(event); } }, name,
      button("Save as segment", null, { kind: "primary", type: "submit" }));
    const csv = ask(kind, MOST);
    csv.set("format", "csv");
    return [form, h("a.button", { href: address("funnel-users", csv), download: "users.csv" }, icon("save"), "CSV")];
  };
  show("reached");
}

function keys(users, more) {
  const linked = facts.pages?.includes("users");
  return h("div", null, h("ol.keys", null, users.map((key) => h("li", null,
    linked ? h("a", { href: pageAddress("users", { key }) }, key) : key))),
    more && h("p.muted.small", null, `The first ${users.length}, in the order of their keys. The file has more.`));
}
