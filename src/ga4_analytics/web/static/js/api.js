// Asks the API beneath the page; what goes wrong comes as a Problem with field, rule and remedy.

import { patiently } from "./waiting.js";

const BASE = "/api/v1";
const MOST_AGAIN = 6; // a server that has no time for minutes is told of
const OF_ALL = /^(boards|saved-segments)(\/|$)/; // what is kept is of no one property

export class Problem extends Error {
  constructor(document) {
    super(document.detail);
    Object.assign(this, document);
  }
}

async function told(response) {
  if (response.ok) return response.status === 204 ? null : response.json();
  let document;
  try {
    document = await response.json();
  } catch {
    document = { status: response.status, title: "No answer", detail: `The server said ${response.status}.` };
  }
  if (response.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  throw new Problem(document);
}

/** Wait, as long as the question is still wanted. */
function pause(seconds, signal) {
  return new Promise((done, failed) => {
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      failed(signal.reason);
    }, { once: true });
  });
}

/** Ask; where the server says that it has no time now but later, ask again then. */
async function asked(path, options) {
  for (let left = MOST_AGAIN; ; left -= 1) {
    try {
      return await fetch(path, options).then(told);
    } catch (error) {
      if (!error.retry_seconds || !left) throw error;
      await pause(error.retry_seconds, options.signal);
    }
  }
}

async function send(path, options) {
  try {
    return await patiently(asked(path, options));
  } catch (error) {
    if (error instanceof Problem || error.name === "AbortError") throw error;
    throw new Problem({
      status: 0, title: "The server does not answer",
      detail: "Nothing answers at this address any more.", remedy: "Start it again with `ga4 serve`.",
    });
  }
}

/** The address of something of the API, with the property that the page shows. */
export function address(path, params = new URLSearchParams()) {
  const all = new URLSearchParams(params);
  const dataset = new URLSearchParams(location.search).get("dataset");
  if (dataset && !all.has("dataset") && !OF_ALL.test(path)) all.set("dataset", dataset);
  const text = all.toString();
  return `${BASE}/${path}${text ? `?${text}` : ""}`;
}

/** The address of a page, with the property that this page shows. */
export function pageAddress(name, params = {}) {
  const all = new URLSearchParams(params);
  const dataset = new URLSearchParams(location.search).get("dataset");
  if (dataset && !all.has("dataset")) all.set("dataset", dataset);
  const text = all.toString();
  return `/${name}${text ? `?${text}` : ""}`;
}

export const get = (path, params, signal) => send(address(path, params), { signal });

export const post = (path, body, signal) => send(address(path), {
  method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

/** Send something that is kept, with the page's form token. */
export const write = (method, path, body) => send(`${BASE}/${path}`, {
  method,
  headers: {
    "Content-Type": "application/json",
    "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content,
  },
  body: body === undefined ? undefined : JSON.stringify(body),
});

const once = new Map();

/** A list that does not change while the page is open: events, columns. */
export function list(name) {
  if (!once.has(name)) once.set(name, get(name).then((found) => found[name]));
  return once.get(name);
}
