// A choice from a long list, by typing: an input and a list as in the ARIA combobox pattern.

import { fill, h, icon } from "./dom.js";

const MOST = 80;
let open = null;

/** Close what is open; gives the focus back where asked. */
export function closePopover(back = false) {
  if (!open) return;
  const { node, anchor, onclose } = open;
  open = null;
  node.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (back) anchor.focus();
  onclose?.();
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.node.contains(event.target) && !open.anchor.contains(event.target)) closePopover();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && open) { event.stopPropagation(); event.preventDefault(); closePopover(true); }
});

/** Show a panel under a button. */
export function popover(anchor, content, { label, onclose } = {}) {
  const again = open?.anchor === anchor;
  closePopover();
  if (again) return null;
  const node = h("div.popover", { role: "dialog", "aria-label": label }, content);
  const host = anchor.closest("dialog") ?? document.body;
  host.append(node);
  const at = anchor.getBoundingClientRect();
  const size = node.getBoundingClientRect();
  const base = host === document.body ? { x: scrollX, y: scrollY } : { x: -host.getBoundingClientRect().x, y: -host.getBoundingClientRect().y };
  const below = innerHeight - at.bottom > size.height + 12 || at.top < size.height + 12;
  node.style.left = `${base.x + Math.max(12, Math.min(at.left, innerWidth - size.width - 12))}px`;
  node.style.top = `${base.y + (below ? Math.min(at.bottom + 4, Math.max(8, innerHeight - size.height - 8)) : at.top - size.height - 4)}px`;
  anchor.setAttribute("aria-expanded", "true");
  open = { node, anchor, onclose };
  node.querySelector("input, select, button")?.focus();
  return node;
}

let counter = 0;

/**
 * A button that opens a list to choose from.
 * @param {object} given
 *   label: for people who do not see it; shown: what the button says; empty: whether that is a
 *   hint; options: a list, or a function of the typed text that promises one, of
 *   {value, text, more}; chosen: values that are chosen; many: whether several may be;
 *   free: makes an option of typed text; onpick: told the value, or with `many` all values.
 */
export function picker({ label, shown, empty = false, options, chosen = [], many = false, free = null, onpick, kind = "" }) {
  const face = h("span.cut", null, shown);
  const anchor = h(
    "button.pick",
    { type: "button", class: `${kind} ${empty ? "empty" : ""}`, "aria-haspopup": "dialog", "aria-expanded": "false",
      "aria-label": `${label}: ${shown}`, "data-key": label, onclick: () => show() },
    face, icon("down"),
  );
  const picked = new Set(chosen);
  const show = () => popover(anchor, chooser({
    label, options, picked, many, free,
    onpick: (value) => {
      if (!many) { closePopover(true); onpick(value); return; }
      if (picked.has(value)) picked.delete(value); else picked.add(value);
    },
  }), { label, onclose: many ? () => { if (!same(picked, chosen)) onpick([...picked]); } : undefined });
  return anchor;
}

const same = (set, list) => set.size === list.length && list.every((each) => set.has(each));

function chooser({ label, options, picked, many, free, onpick }) {
  const id = `list-${++counter}`;
  const list = h("ul", { role: "listbox", id, "aria-label": label, "aria-multiselectable": many ? "true" : null });
  const input = h("input", {
    type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list",
    "aria-label": `Search ${label.toLowerCase()}`, placeholder: "Search", spellcheck: "false", autocomplete: "off",
  });
  const none = h("p.none", { hidden: true }, "Nothing of that name.");
  let shown = [];
  let at = 0;
  let turn = 0;

  const mark = () => {
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
    const item = list.children[at];
    if (item) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  };
  const take = (place) => {
    if (!shown[place]) return;
    onpick(shown[place].value);
    if (many) { at = place; draw(); }
  };
  const draw = () => {
    fill(list, shown.map((option, place) => h(
      "li", { role: "option", id: `${id}-${place}`, class: picked.has(option.value) ? "chosen" : "",
        onpointerdown: (event) => event.preventDefault(), onclick: () => take(place) },
      many && h("span", { "aria-hidden": "true" }, picked.has(option.value) ? "☑" : "☐"),
      h("span.cut", { title: option.text }, option.text), option.more && h("small", null, option.more),
      !many && picked.has(option.value) && icon("check"),
    )));
    none.hidden = shown.length > 0;
    mark();
  };
  const search = async () => {
    const mine = ++turn;
    const text = input.value.trim();
    const found = typeof options === "function" ? await options(text) : options.filter((option) =>
      option.text.toLowerCase().includes(text.toLowerCase()));
    if (mine !== turn) return;
    shown = found.slice(0, MOST);
    if (free && text && !shown.some((option) => option.text === text)) shown.push(free(text));
    at = 0;
    draw();
  };
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) { at = Math.max(0, Math.min(shown.length - 1, at + moves[event.key])); mark(); event.preventDefault(); }
    else if (event.key === "Enter") { event.preventDefault(); take(at); }
    else if (event.key === "Tab") closePopover(true);
  });
  search();
  return [input, list, none];
}
