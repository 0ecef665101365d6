/** The live page: receives messages of the dashboard, and draws the changes. */
import { dropBins, renderChart, setBins } from "./chart.js";
import { listen } from "./connection.js";
import { byId, setText } from "./dom.js";
import { addEdits, renderFeed, replaceEdits } from "./feed.js";
import { duration, windowName } from "./format.js";
import { showLost, showStatus } from "./status.js";
import { showTops } from "./tops.js";

/** @typedef {import("../wire.ts").PageMessage} PageMessage */

/** The last messages. */
const view = {
  window: 3_600_000,
  step: 10_000,
  /** @type {import("../wire.ts").StreamStatus | undefined} */
  status: undefined,
  /** @type {import("../wire.ts").TopLists | undefined} */
  tops: undefined,
};

listen("/events", onMessage, draw);

/** @param {PageMessage} message */
function onMessage(message) {
  if (message.type === "snapshot") {
    view.window = message.window;
    view.step = message.step;
    nameWindow(message.topic);
    byId("invented").hidden = !message.invented;
    dropBins();
    replaceEdits(message.edits);
  } else if (message.edits !== undefined) addEdits(message.edits);
  if (message.bins !== undefined) setBins(message.bins);
  view.status = message.status ?? view.status;
  view.tops = message.tops ?? view.tops;
}

/** @param {boolean} isLost */
function draw(isLost) {
  const { status, tops, window, step } = view;
  if (status !== undefined) {
    showStatus(status, window);
    renderChart({ until: status.settled, window, step });
  }
  if (tops !== undefined) {
    showTops(tops);
    showSince(tops.since, status?.now ?? tops.since);
  }
  if (isLost) showLost();
  renderFeed();
  view.tops = undefined;
}

/** @param {string} topic */
function nameWindow(topic) {
  setText(byId("topic"), topic);
  const name = `Last ${windowName(view.window)}`;
  for (const element of document.querySelectorAll(".window-name")) setText(element, name);
}

/**
 * Shows how far back the tables go. Their number of names is bounded, so it is less for a busy
 * topic.
 *
 * @param {number} since
 * @param {number} now
 */
function showSince(since, now) {
  const isShort = now - since < view.window * 0.9;
  setText(
    byId("counted"),
    isShort ? `The tables cover the last ${duration(now - since)}.` : "",
  );
}
