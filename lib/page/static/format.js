const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const shortClock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** @param {number} value */
export function count(value) {
  return whole.format(value);
}

/**
 * Formats edits per second.
 *
 * @param {number} value
 */
export function rate(value) {
  return value < 100 ? tenths.format(value) : whole.format(value);
}

/**
 * Formats bytes added or removed, always with a sign: `+1,204`, `−17`, `0`.
 *
 * @param {number | null} value
 */
export function delta(value) {
  if (value === null) return "";
  if (value === 0) return "0";
  return `${value > 0 ? "+" : "−"}${whole.format(Math.abs(value))}`;
}

/** @param {number} time ms since the epoch */
export function timeOfDay(time) {
  return clock.format(time);
}

/** @param {number} time ms since the epoch */
export function hourAndMinute(time) {
  return shortClock.format(time);
}

/**
 * Formats the time of day, with the date if it is not today.
 *
 * @param {number} time ms since the epoch
 * @param {number} now ms since the epoch
 */
export function moment(time, now) {
  return day.format(time) === day.format(now) ? clock.format(time) : day.format(time);
}

/**
 * Formats a duration in its largest unit: `0.8 s`, `12 s`, `3 min`, `2 h`, `4 d`.
 *
 * @param {number} ms
 */
export function duration(ms) {
  const seconds = Math.max(ms, 0) / 1000;
  if (seconds < 9.95) return `${tenths.format(seconds)} s`;
  if (seconds < 99.5) return `${whole.format(seconds)} s`;
  if (seconds < 5970) return `${whole.format(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${whole.format(seconds / 3600)} h`;
  return `${whole.format(seconds / 86_400)} d`;
}

/**
 * Formats the length of the window: `hour`, `15 minutes`, `2 hours`.
 *
 * @param {number} ms
 */
export function windowName(ms) {
  const minutes = Math.round(ms / 60_000);
  if (minutes === 60) return "hour";
  if (minutes % 60 === 0) return `${minutes / 60} hours`;
  return minutes === 1 ? "minute" : `${minutes} minutes`;
}

/**
 * Returns a wiki's host name without the common parts: `en.wikipedia`, `commons`, `wikidata`.
 *
 * @param {string} domain
 */
export function wikiName(domain) {
  return domain.replace(/^www\./, "").replace(/(\.wikimedia)?\.org$/, "");
}

/**
 * Returns the address of a page; `undefined` if the domain is not a host name.
 *
 * @param {string} domain
 * @param {string} title
 */
export function pageUrl(domain, title) {
  if (!/^[a-z\d-]+(\.[a-z\d-]+)+$/i.test(domain)) return undefined;
  const path = encodeURIComponent(title.toWellFormed().replaceAll(" ", "_"));
  return `https://${domain}/wiki/${path.replaceAll("%3A", ":").replaceAll("%2F", "/")}`;
}
