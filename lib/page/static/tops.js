import { byId, make, makeLink, setLink, setText } from "./dom.js";
import { count, delta, pageUrl, wikiName } from "./format.js";

/** @typedef {import("../wire.ts").TopLists} TopLists */
/**
 * @typedef {{ item: HTMLLIElement, name: HTMLElement, wiki: HTMLElement, value: HTMLElement, bar:
 * HTMLElement }} Row
 */

/** The number of rows that the server sends. All exist from the start, so that nothing moves. */
const ROWS = 8;

const wikis = makeRows("wikis", () => makeFilter("filter-wiki"));
const pages = makeRows("pages", makeLink);
const users = makeRows("users", () => makeFilter("filter-text"));
const biggest = makeRows("biggest", makeLink);

/** @param {TopLists} tops */
export function showTops(tops) {
  const most = (/** @type {readonly { count: number }[]} */ rows) => rows[0]?.count ?? 1;
  fill(wikis, tops.wikis, (row, { name, count: n }) => {
    setFilter(row.name, wikiName(name), name);
    setValue(row, count(n), n / most(tops.wikis));
  });
  fill(pages, tops.pages, (row, { name, count: n }) => {
    const slash = name.indexOf("/");
    setPage(row, name.slice(0, slash), name.slice(slash + 1));
    setValue(row, count(n), n / most(tops.pages));
  });
  fill(users, tops.users, (row, { name, count: n }) => {
    setFilter(row.name, name, name);
    setValue(row, count(n), n / most(tops.users));
  });
  const size = Math.abs(tops.biggest[0]?.delta ?? 1);
  fill(biggest, tops.biggest, (row, edit) => {
    setPage(row, edit.domain, edit.title);
    setValue(row, delta(edit.delta), Math.abs(edit.delta ?? 0) / size);
    row.item.dataset.sign = (edit.delta ?? 0) < 0 ? "minus" : "plus";
  });
}

/**
 * @param {string} id
 * @param {() => HTMLElement} makeName
 * @returns {Row[]}
 */
function makeRows(id, makeName) {
  const list = byId(id);
  return Array.from({ length: ROWS }, () => {
    const name = makeName();
    name.classList.add("name");
    const wiki = make("span", "wiki");
    const value = make("span", "value");
    const bar = make("span", "bar");
    const item = make("li", "", [name, wiki, value, bar]);
    item.hidden = true;
    list.append(item);
    return { item, name, wiki, value, bar };
  });
}

/**
 * Creates a button that puts its name into a filter of the feed.
 *
 * @param {string} id
 */
function makeFilter(id) {
  const button = make("button");
  button.type = "button";
  button.dir = "auto";
  button.addEventListener("click", () => {
    const input = /** @type {HTMLInputElement} */ (byId(id));
    input.value = button.dataset.value ?? "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return button;
}

/**
 * @template T
 * @param {Row[]} rows
 * @param {readonly T[]} values
 * @param {(row: Row, value: T) => void} show
 */
function fill(rows, values, show) {
  rows.forEach((row, index) => {
    const value = values[index];
    row.item.hidden = value === undefined;
    if (value !== undefined) show(row, value);
  });
}

/**
 * @param {HTMLElement} button
 * @param {string} text
 * @param {string} value
 */
function setFilter(button, text, value) {
  setText(button, text);
  if (button.dataset.value === value) return;
  button.dataset.value = value;
  button.title = `Show only ${value} in the feed`;
}

/**
 * @param {Row} row
 * @param {string} domain
 * @param {string} title
 */
function setPage(row, domain, title) {
  setLink(/** @type {HTMLAnchorElement} */ (row.name), title, pageUrl(domain, title));
  setText(row.wiki, wikiName(domain));
}

/**
 * @param {Row} row
 * @param {string} text
 * @param {number} share From 0 to 1, of the largest.
 */
function setValue(row, text, share) {
  setText(row.value, text);
  row.bar.style.transform = `scaleX(${share.toFixed(3)})`;
}
