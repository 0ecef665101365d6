import { byId, keyed, make, setText } from "../dom.js";
import { count } from "../format.js";

/** @typedef {import("../../cluster/wire.ts").State} State */
/** @typedef {import("../../cluster/wire.ts").Group} Group */
/** @typedef {import("../../cluster/wire.ts").ShownMember} ShownMember */
/** @typedef {import("../../cluster/wire.ts").Committed} Committed */
/** @typedef {import("../../cluster/wire.ts").LagSeries} LagSeries */

/** The time span of a chart, in ms. */
const WINDOW = 300_000;
/** The number of colors for groups; more groups share them. */
const COLORS = 6;
const WIDTH = 100;
const HEIGHT = 28;

/** Points of the charts by partition and group. @type {Map<string, [number, number][]>} */
const series = new Map();
/** The number of the color of each group that was ever shown. @type {Map<string, number>} */
const numbers = new Map();

/**
 * Assigns a permanent color to each group.
 *
 * @param {readonly Group[]} groups
 * @returns {Map<string, string>}
 */
export function groupColors(groups) {
  return new Map(groups.map(({ groupId }) => {
    const number = numbers.get(groupId) ?? numbers.size;
    if (numbers.size < 1000) numbers.set(groupId, number);
    return [groupId, `var(--group-${number % COLORS})`];
  }));
}

/** @param {readonly LagSeries[]} lags */
export function setLags(lags) {
  series.clear();
  for (const { groupId, partition, points } of lags) {
    series.set(`${partition}/${groupId}`, points.map(([time, lag]) => [time, lag]));
  }
}

/** @param {State} state */
export function addLags({ now, groups }) {
  const seen = new Set();
  for (const { groupId, committed } of groups) {
    for (const { partition, lag } of committed) {
      const key = `${partition}/${groupId}`;
      const points = series.get(key) ?? [];
      series.set(key, points);
      seen.add(key);
      if (lag !== null && now - (points.at(-1)?.[0] ?? 0) >= 1900) points.push([now, lag]);
      while ((points[0]?.[0] ?? now) < now - WINDOW) points.shift();
    }
  }
  for (const key of series.keys()) if (!seen.has(key)) series.delete(key);
}

/**
 * Draws each group with its members and the lag of each partition.
 *
 * @param {State} state
 * @param {ReadonlyMap<string, string>} colors By group.
 */
export function showGroups({ groups, hidden, now }, colors) {
  byId("groups-empty").hidden = groups.length > 0;
  setText(
    byId("groups-note"),
    hidden.groups === 0 ? "" : `${count(hidden.groups)} more are not shown.`,
  );
  keyed(byId("groups"), groups, ({ groupId }) => groupId, makeGroup, (box, group) => {
    box.style.setProperty("--group", colors.get(group.groupId) ?? "currentcolor");
    const [head, members, lags] = /** @type {HTMLElement[]} */ ([...box.children]);
    const [name, state, lag] = /** @type {HTMLElement[]} */ ([...(head?.children ?? [])]);
    if (!name || !state || !lag || !members || !lags) return;
    const isTemporary = group.name !== group.groupId;
    setText(name, group.name);
    name.title = isTemporary ? `${group.groupId}, deleted when its program ends` : "";
    setText(state, group.state);
    const total = group.committed.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
    const nothing = isTemporary ? "commits nothing" : "nothing committed";
    setText(lag, group.committed.length === 0 ? nothing : `lag ${count(total)}`);
    keyed(members, group.members, ({ memberId }) => memberId, makeMember, showMember);
    keyed(lags, group.committed, ({ partition }) => String(partition), makeLag, (item, one) => {
      showLag(item, one, series.get(`${one.partition}/${group.groupId}`) ?? [], now);
    });
  });
}

function makeGroup() {
  const head = make("div", "line", [make("h3"), make("span", "tag"), make("span", "value")]);
  return make("li", "group", [head, make("ul", "members"), make("ul", "lags")]);
}

function makeMember() {
  return make("li", "", [make("span", "who"), make("ul", "chips")]);
}

/**
 * @param {HTMLElement} item
 * @param {ShownMember} member
 */
function showMember(item, { name, host, partitions }) {
  const [who, chips] = /** @type {HTMLElement[]} */ ([...item.children]);
  if (!who || !chips) return;
  const idle = partitions.length === 0 ? ", on standby" : " reads";
  setText(who, `${name} at ${host.replace(/^\//, "")}${idle}`);
  const chip = () => make("li", "chip leader");
  keyed(chips, partitions, String, chip, (chip, partition) => setText(chip, String(partition)));
}

function makeLag() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "polyline"));
  const item = make("li", "", [make("p", "", [make("span"), make("b")])]);
  item.append(svg);
  return item;
}

/**
 * @param {HTMLElement} item
 * @param {Committed} committed
 * @param {readonly [number, number][]} points
 * @param {number} now
 */
function showLag(item, { partition, lag }, points, now) {
  const [name, value] =
    /** @type {HTMLElement[]} */ ([...(item.firstElementChild?.children ?? [])]);
  if (!name || !value) return;
  setText(name, `partition ${partition}`);
  setText(value, lag === null ? "–" : count(lag));
  const most = Math.max(10, ...points.map(([, lag]) => lag));
  const line = points.map(([time, lag]) => {
    const x = WIDTH * (1 - (now - time) / WINDOW);
    return `${x.toFixed(1)},${((HEIGHT - 2) * (1 - lag / most) + 1).toFixed(1)}`;
  });
  item.querySelector("polyline")?.setAttribute("points", line.join(" "));
}
