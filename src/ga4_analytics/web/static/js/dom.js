// Builds elements. Text is always text: nothing here takes HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element.
 * @param {string} tag Its name, with classes: "div.card.wide".
 * @param {object|null} props Attributes; `on...` are listeners; false, null: left out.
 * @param {...any} children Nodes, texts, lists of them; null and false are left out.
 */
export function h(tag, props, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.classList.add(...value.split(" ").filter(Boolean));
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  add(node, children);
  return node;
}

/** Append nodes, texts and lists of them. */
export function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** Put other children into a node. */
export function fill(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button; one with an icon alone needs a label. */
export function button(label, onclick, { kind = "", symbol = null, bare = false, ...props } = {}) {
  return h(
    "button",
    { type: "button", class: `button ${kind}`, onclick, "aria-label": bare ? label : null,
      title: bare ? label : null, ...props },
    symbol && icon(symbol),
    bare ? null : h("span", null, label),
  );
}

const keyOf = (node) => node.dataset.key ?? node.getAttribute("aria-label") ?? node.textContent;

/** Change what is in a node; the focus stays where it was, on what now stands there. */
export function keepFocus(node, change) {
  const focused = document.activeElement;
  const key = node.contains(focused) ? keyOf(focused) : null;
  change();
  if (!key || node.contains(document.activeElement)) return;
  const all = [...node.querySelectorAll("button, a, input, select, summary, [tabindex]")];
  all.find((each) => keyOf(each) === key)?.focus({ preventScroll: true });
}

/** Tell people who do not see the page what happened. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** A short note at the bottom that goes by itself. */
export function toast(text) {
  document.querySelector(".toast")?.remove();
  const note = h("div.toast", null, text);
  document.body.append(note);
  say(text);
  setTimeout(() => note.remove(), 2600);
}

/** Facts that the page came with. */
export const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
