// What every page has: the theme, the navigation of small screens, the choice of property.

import { button, facts, fill, icon, toast } from "./dom.js";

function themeButton() {
  const node = document.getElementById("theme");
  const root = document.documentElement;
  const show = () => {
    const dark = root.dataset.theme === "dark";
    fill(node, icon(dark ? "sun" : "moon"), dark ? "Light theme" : "Dark theme");
  };
  show();
  window.addEventListener("themechange", show);
  node.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* then it is for this page only */ }
    window.dispatchEvent(new Event("themechange"));
  });
}

function smallNavigation() {
  const side = document.getElementById("side");
  const more = document.getElementById("more");
  const close = () => side.classList.remove("open");
  more.addEventListener("click", (event) => {
    event.stopPropagation();
    side.classList.add("open");
    side.querySelector("a").focus();
  });
  document.addEventListener("click", (event) => { if (!side.contains(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("open")) { close(); more.focus(); }
  });
}

function properties() {
  const node = document.getElementById("dataset");
  node?.addEventListener("change", () => location.assign(`${location.pathname}?dataset=${encodeURIComponent(node.value)}`));
  const chosen = new URLSearchParams(location.search).get("dataset");
  if (!chosen) return;
  for (const link of document.querySelectorAll(".nav a, .tabbar a, .brand")) {
    link.search = `?dataset=${encodeURIComponent(chosen)}`;
  }
}

/** The button that copies the page's address. */
export function shareButton() {
  return button("Copy link", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      toast("Link copied");
    } catch {
      toast("Copy the address of this page to share it");
    }
  }, { symbol: "link", kind: "share", "aria-label": "Copy link" });
}

/** Say whether the page shows what was asked: for tests and for people who do not see it. */
export function ready(yes) {
  document.getElementById("main").dataset.ready = yes ? "yes" : "no";
}

if (facts.dataset) {
  themeButton();
  smallNavigation();
  properties();
}
