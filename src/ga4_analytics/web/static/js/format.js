// How numbers, shares, times and days look. Formats only: nothing is computed here.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2, signDisplay: "negative" });
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const moneyWhole = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 0 });
const moneyShort = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", notation: "compact", maximumFractionDigits: 1 });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Stands where the data have no answer. */
export const NOTHING = "–";

const none = (value) => value === null || value === undefined;

/** A number with so many digits; one that is rounded to zero has no sign. */
function fixed(value, digits) {
  const said = value.toFixed(digits);
  return Number(said) === 0 ? said.replace("-", "") : said;
}

export function number(value) {
  if (none(value)) return NOTHING;
  return Number.isInteger(value) ? whole.format(value) : fine.format(value);
}

export function compact(value) {
  return none(value) ? NOTHING : short.format(value);
}

export function usd(value, { cents = true, brief = false } = {}) {
  if (none(value)) return NOTHING;
  return (brief ? moneyShort : cents ? money : moneyWhole).format(value);
}

/** Millionths of a dollar, as amounts are kept exactly, in dollars. */
export const dollars = (micros) => (none(micros) ? null : micros / 1e6);

/** A fraction as per cent. */
export function percent(value, digits = 1) {
  return none(value) ? NOTHING : `${fixed(value * 100, digits)}%`;
}

/** A change as per cent with its sign; one that is rounded to zero has none. */
export function signed(value) {
  if (none(value)) return NOTHING;
  const size = (Math.abs(value) * 100).toFixed(1);
  return `${Number(size) === 0 ? "" : value > 0 ? "+" : "−"}${size}%`;
}

export function range(low, high, digits = 1) {
  return none(low) ? "" : `${fixed(low * 100, digits)}–${fixed(high * 100, digits)}%`;
}

/** Seconds in the two largest units that matter. */
export function duration(seconds) {
  if (none(seconds)) return NOTHING;
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const at = units.findIndex(([, size]) => seconds >= size);
  if (at < 0) return `${seconds.toFixed(1)} s`;
  const [name, size] = units[at];
  const big = Math.floor(seconds / size);
  const next = units[at + 1];
  const rest = next ? Math.floor((seconds % size) / next[1]) : 0;
  return rest ? `${big} ${name} ${rest} ${next[0]}` : `${big} ${name}`;
}

/** A day such as 2020-11-01 as "Nov 1"; with its year where asked. */
export function day(text, { year = false, weekday = false } = {}) {
  if (!text) return NOTHING;
  const [y, m, d] = text.slice(0, 10).split("-").map(Number);
  const name = weekday ? `${DAYS[new Date(Date.UTC(y, m - 1, d)).getUTCDay()]}, ` : "";
  return `${name}${MONTHS[m - 1]} ${d}${year ? `, ${y}` : ""}`;
}

export function days(first, last) {
  const years = first.slice(0, 4) !== last.slice(0, 4);
  return `${day(first, { year: years })} – ${day(last, { year: true })}`;
}

/** The start of a bucket, by its length. */
export function bucket(text, granularity) {
  if (granularity === "hour") return `${day(text)} ${text.slice(11, 16)}`;
  if (granularity === "month") return `${MONTHS[Number(text.slice(5, 7)) - 1]} ${text.slice(0, 4)}`;
  return day(text);
}
