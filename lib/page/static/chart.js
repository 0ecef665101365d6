import { byId, make, setText } from "./dom.js";
import { hourAndMinute, rate, timeOfDay, windowName } from "./format.js";

/** @typedef {import("../wire.ts").Bin} Bin */
/** @typedef {{ until: number, window: number, step: number }} Range */

/** Rows of the table that replaces the chart for screen readers. */
const TABLE_ROWS = 12;
const HEIGHT = 260;

const { uPlot } =
  /** @type {{ uPlot: typeof import("uplot") }} */ (/** @type {unknown} */ (globalThis));
const container = byId("chart");

/** Counts by the start of their bin. @type {Map<number, Bin>} */
const bins = new Map();
/**
 * The drawn values: x in s, all edits per second, those of humans; `null` before the first edit.
 *
 * @type {[number[], (number | null)[], (number | null)[]]}
 */
let data = [[], [], []];
/** The end of the last bin that is drawn, in ms. */
let drawnUntil = 0;
let isDirty = false;
/** The drawn span of time, in s. */
let bounds = { from: 0, to: 1 };
/** The label of the values next to the legend if no single time is selected. */
let averageLabel = "Average";

const plot = new uPlot(options(), data, container);

/** @param {readonly Bin[]} changed */
export function setBins(changed) {
  for (const bin of changed) {
    bins.set(bin[0], bin);
    // A bin that is not complete yet is not drawn either.
    if (bin[0] < drawnUntil) isDirty = true;
  }
}

/** Forgets all bins. */
export function dropBins() {
  bins.clear();
  isDirty = true;
}

/**
 * Draws the complete bins of the window, if they have changed.
 *
 * @param {Range} range
 */
export function renderChart({ until, window, step }) {
  const end = until - until % step;
  if (end === drawnUntil && !isDirty) return;
  drawnUntil = end;
  isDirty = false;
  // The first two bins are leaving the window, and are no longer complete.
  const start = end - (Math.ceil(window / step) - 2) * step;
  for (const time of bins.keys()) if (time < start) bins.delete(time);
  const first = Math.min(...bins.keys());
  const seconds = step / 1000;
  data = [[], [], []];
  for (let time = start; time < end; time += step) {
    const [, humans, bots] = bins.get(time) ?? [time, 0, 0];
    data[0].push(time / 1000 + seconds / 2);
    data[1].push(time < first ? null : (humans + bots) / seconds);
    data[2].push(time < first ? null : humans / seconds);
  }
  bounds = { from: start / 1000, to: end / 1000 };
  averageLabel = `Average of the last ${windowName(window)}`;
  plot.setData(data);
  readOut(plot);
  describe();
}

/** @returns {import("uplot").Options} */
function options() {
  const axis = {
    stroke: () => color("--faint"),
    font: "500 11px Inter, system-ui, sans-serif",
    grid: { stroke: () => color("--grid"), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  const series = {
    width: 1.5,
    points: { show: false },
  };
  return {
    width: Math.max(container.clientWidth, 200),
    height: HEIGHT,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 7 } },
    scales: {
      x: { range: () => [bounds.from, bounds.to] },
      y: { range: (_plot, _min, max) => [0, ceiling(max ?? 0)] },
    },
    axes: [
      { ...axis, size: 22, gap: 8, space: 90, grid: { show: false }, values: timeLabels },
      { ...axis, size: 40, space: 48, gap: 8 },
    ],
    series: [
      {},
      { ...series, stroke: () => color("--bots") },
      { ...series, stroke: () => color("--humans"), fill: () => color("--humans-fill") },
    ],
    bands: [{ series: [1, 2], fill: () => color("--bots-fill") }],
    hooks: { setCursor: [readOut] },
  };
}

/**
 * Leaves out a label at the very end, which would be cut off.
 *
 * @param {import("uplot")} _plot
 * @param {number[]} times In s.
 */
function timeLabels(_plot, times) {
  const last = bounds.to - (bounds.to - bounds.from) * 0.03;
  return times.map((time) => time > last ? "" : hourAndMinute(time * 1000));
}

/**
 * Returns a round number above the highest value, so that the scale seldom changes.
 *
 * @param {number} max
 */
function ceiling(max) {
  const wanted = Math.max(max * 1.1, 1);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((n) => n * power >= wanted) ?? 10) * power;
}

/**
 * Returns a current color of the page, for the canvas.
 *
 * @param {string} name
 */
function color(name) {
  container.style.color = `var(${name})`;
  return getComputedStyle(container).color;
}

/**
 * Shows the values under the cursor next to the legend, or the average of all.
 *
 * @param {import("uplot")} plot
 */
function readOut({ cursor: { idx } }) {
  const time = typeof idx === "number" ? data[0][idx] : undefined;
  const isOne = typeof idx === "number" && time !== undefined;
  const all = isOne ? data[1][idx] ?? 0 : mean(data[1]);
  const humans = isOne ? data[2][idx] ?? 0 : mean(data[2]);
  setText(byId("plot-time"), isOne ? timeOfDay(time * 1000) : averageLabel);
  setText(byId("plot-humans"), rate(humans));
  setText(byId("plot-bots"), rate(all - humans));
}

/** Describes the chart by a label and a table, for screen readers. */
function describe() {
  const highest = Math.max(0, ...data[1].map((value) => value ?? 0));
  container.setAttribute(
    "aria-label",
    `Edits per second from ${hourAndMinute(bounds.from * 1000)} to ${
      hourAndMinute(bounds.to * 1000)
    }, at most ${rate(highest)}; the table below has the figures`,
  );
  const size = Math.ceil(data[0].length / TABLE_ROWS);
  const rows = [];
  for (let from = 0; from < data[0].length; from += size) {
    const all = mean(data[1].slice(from, from + size));
    const humans = mean(data[2].slice(from, from + size));
    const time = make("th", "", [hourAndMinute((data[0][from] ?? 0) * 1000)]);
    time.scope = "row";
    rows.push(
      make("tr", "", [time, make("td", "", [rate(humans)]), make("td", "", [rate(all - humans)])]),
    );
  }
  byId("chart-table").replaceChildren(...rows);
}

/** @param {readonly (number | null)[]} values */
function mean(values) {
  const known = values.filter((value) => value !== null);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(known.length, 1);
}

new ResizeObserver(() => {
  const width = container.clientWidth;
  if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
}).observe(container);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
document.fonts.ready.then(() => plot.redraw());
