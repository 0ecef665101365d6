import { byId, make, makeLink, setLink, setText } from "./dom.js";
import { count, delta, moment, pageUrl, wikiName } from "./format.js";

/** @typedef {import("../wire.ts").PageEdit} PageEdit */
/**
 * @typedef {{ item: HTMLLIElement, time: HTMLTimeElement, wiki: HTMLElement, title:
 * HTMLAnchorElement, isNew: HTMLElement, user: HTMLElement, isBot: HTMLElement, delta: HTMLElement
 * }} Row
 */

/** The number of rows in the page. */
const ROWS = 30;
/** The number of edits that are kept for filters. */
const KEPT = 2000;
/** The maximum number of namespaces, and of wikis, that the filters offer. */
const OFFERS = 1000;
/** How long after a finger was lifted its click may follow, in ms. */
const CLICK_DELAY = 300;

const list = byId("edits");
const note = byId("feed-note");
const empty = byId("feed-empty");
const pause = byId("pause");
const clear = /** @type {HTMLButtonElement} */ (byId("clear"));
const form = /** @type {HTMLFormElement} */ (byId("filters"));
const text = /** @type {HTMLInputElement} */ (byId("filter-text"));
const wiki = /** @type {HTMLInputElement} */ (byId("filter-wiki"));
const namespace = /** @type {HTMLSelectElement} */ (byId("filter-namespace"));

/** Newest first. @type {PageEdit[]} */
let edits = [];
/** Rows in their order on the page, the topmost first. */
const rows = Array.from({ length: ROWS }, makeRow);
/** The number of matching edits received while paused. */
let missed = 0;
let isPausedByButton = false;
let isPausedByPointer = false;
/** Ends the pause after the pointer has left. @type {ReturnType<typeof setTimeout> | undefined} */
let leaving;
let isPausedByFocus = false;
/** Whether rows must be filled again. */
let isDirty = false;
/** @type {(edit: PageEdit) => boolean} */
let matches = () => true;
/** @type {Map<string, Set<string>>} */
const offered = new Map([["domains", new Set()], ["filter-namespace", new Set()]]);

/**
 * Replaces all edits.
 *
 * @param {readonly PageEdit[]} all Newest first.
 */
export function replaceEdits(all) {
  edits = [...all];
  offerAll(edits);
  if (!isPaused()) isDirty = true;
}

/**
 * @param {readonly PageEdit[]} fresh Newest first.
 */
export function addEdits(fresh) {
  edits = [...fresh, ...edits].slice(0, KEPT);
  offerAll(fresh);
  if (isPaused()) missed += fresh.filter(matches).length;
  else isDirty = true;
}

/** Brings the rows up to date; for an animation frame. */
export function renderFeed() {
  renderNote();
  if (!isDirty) return;
  isDirty = false;
  const shown = firstMatches();
  rows.forEach((row, index) => fillRow(row, shown[index]));
  empty.hidden = shown.length > 0;
  setText(
    empty,
    edits.length === 0 ? "No edits yet." : "No edit matches. The next match appears here.",
  );
}

function firstMatches() {
  const found = [];
  for (const edit of edits) {
    if (matches(edit) && found.push(edit) === ROWS) break;
  }
  return found;
}

function renderNote() {
  setText(pause, isPausedByButton ? "Resume" : "Pause");
  const words = isPausedByButton ? "Paused" : "Paused while you read";
  setText(note, isPaused() ? `${words} · ${count(missed)} new` : "");
}

function isPaused() {
  return isPausedByButton || isPausedByPointer || isPausedByFocus;
}

function onPauseChange() {
  // Edits of the next frame must not move rows that should stay in place.
  isDirty = !isPaused();
  if (isDirty) missed = 0;
  requestAnimationFrame(renderFeed);
}

/** @returns {Row} */
function makeRow() {
  const time = make("time");
  const wiki = make("span", "wiki");
  const title = makeLink();
  const isNew = make("span", "tag", ["new"]);
  const user = make("bdi");
  const isBot = make("span", "tag", ["bot"]);
  const change = make("span", "delta");
  const item = make("li", "", [
    time,
    wiki,
    make("span", "title", [title, isNew]),
    make("span", "user", [user, isBot]),
    change,
  ]);
  item.hidden = true;
  list.append(item);
  return { item, time, wiki, title, isNew, user, isBot, delta: change };
}

/**
 * @param {Row} row
 * @param {PageEdit | undefined} edit
 */
function fillRow(row, edit) {
  row.item.hidden = edit === undefined;
  if (edit === undefined) return;
  setText(row.time, moment(edit.time, Date.now()));
  setText(row.wiki, wikiName(edit.domain));
  setLink(row.title, edit.title, pageUrl(edit.domain, edit.title));
  row.isNew.hidden = !edit.isNew;
  setText(row.user, edit.user ?? "name withheld");
  row.user.title = edit.user ?? "";
  row.isBot.hidden = !edit.isBot;
  setText(row.delta, delta(edit.delta));
  row.item.dataset.sign = Math.sign(edit.delta ?? 0) === -1 ? "minus" : edit.delta ? "plus" : "";
}

/** @param {readonly PageEdit[]} fresh */
function offerAll(fresh) {
  for (const edit of fresh) {
    offer("domains", edit.domain);
    offer("filter-namespace", edit.namespace);
  }
}

/**
 * Adds a choice to a filter, in alphabetical order.
 *
 * @param {string} id
 * @param {string} value
 */
function offer(id, value) {
  const known = offered.get(id);
  if (known === undefined || known.has(value) || known.size >= OFFERS) return;
  known.add(value);
  const option = make("option", "", [value]);
  option.value = value;
  const options =
    /** @type {NodeListOf<HTMLOptionElement>} */ (byId(id).querySelectorAll("option"));
  const next = [...options].find((other) => other.value !== "" && other.value > value);
  byId(id).insertBefore(option, next ?? null);
}

function onFilter() {
  const wantedText = text.value.trim().toLowerCase();
  const wantedWiki = wiki.value.trim().toLowerCase();
  const wantedNamespace = namespace.value;
  const who = new FormData(form).get("who");
  const isOpen = wantedText === "" && wantedWiki === "" && wantedNamespace === "" && who === "all";
  matches = (edit) =>
    (who === "all" || edit.isBot === (who === "bots")) &&
    (wantedNamespace === "" || edit.namespace === wantedNamespace) &&
    (wantedWiki === "" || edit.domain.toLowerCase().includes(wantedWiki)) &&
    (wantedText === "" || edit.title.toLowerCase().includes(wantedText) ||
      (edit.user ?? "").toLowerCase().includes(wantedText));
  clear.disabled = isOpen;
  missed = 0;
  isDirty = true;
  requestAnimationFrame(renderFeed);
}

form.addEventListener("input", onFilter);
// The fields are empty only after the event.
form.addEventListener("reset", () => setTimeout(onFilter));
form.addEventListener("submit", (event) => event.preventDefault());

pause.addEventListener("click", () => {
  isPausedByButton = !isPausedByButton;
  onPauseChange();
});
// Rows stay in place under a mouse, a finger or the keyboard's focus, so that they can be read.
list.addEventListener("pointerenter", () => {
  clearTimeout(leaving);
  isPausedByPointer = true;
  onPauseChange();
});
list.addEventListener("pointerleave", ({ pointerType }) => {
  // A finger leaves when it is lifted, and its click event follows later.
  leaving = setTimeout(() => {
    isPausedByPointer = false;
    onPauseChange();
  }, pointerType === "mouse" ? 0 : CLICK_DELAY);
});
list.addEventListener("focusin", ({ target }) => {
  // A click sets the focus too, and the focus stays after the pointer has left.
  isPausedByFocus = /** @type {Element} */ (target).matches(":focus-visible");
  onPauseChange();
});
list.addEventListener("focusout", ({ relatedTarget }) => {
  if (list.contains(/** @type {Node | null} */ (relatedTarget))) return;
  isPausedByFocus = false;
  onPauseChange();
});
