import { byId, setText } from "./dom.js";
import { count, duration, moment, rate, windowName } from "./format.js";

/** @typedef {import("../wire.ts").StreamStatus} StreamStatus */
/** @typedef {"good" | "idle" | "warn" | "bad"} Tone */

const state = byId("state");

/**
 * Shows the health of the stream and the current figures.
 *
 * @param {StreamStatus} status
 * @param {number} window The window of the page, in ms.
 */
export function showStatus(status, window) {
  const [tone, label, sentence] = words(status, windowName(window));
  showState(tone, label, sentence);
  const { rate: now, total } = status;
  const sum = now.humans + now.bots;
  setText(byId("rate"), rate(sum));
  setText(byId("rate-humans"), rate(now.humans));
  setText(byId("rate-bots"), rate(now.bots));
  byId("share").style.transform = `scaleX(${sum === 0 ? 0 : now.humans / sum})`;
  setText(byId("total"), count(total.humans + total.bots));
  setText(byId("lag"), status.lag === null ? "–" : duration(status.lag));
  setText(
    byId("junk"),
    status.junk === 0 ? "" : `${count(status.junk)} of them were not edits and are left out.`,
  );
}

/** Shows that the dashboard itself does not answer. */
export function showLost() {
  showState(
    "warn",
    "Reconnecting",
    "The dashboard does not answer. This page reconnects automatically.",
  );
}

/**
 * @param {StreamStatus} status
 * @param {string} window
 * @returns {[Tone, string, string]}
 */
function words({ health, now, lag, lastEdit, lastAnswer }, window) {
  switch (health) {
    case "connecting":
      return ["idle", "Connecting", "Waiting for Kafka's first answer."];
    case "loading":
      return ["idle", "Loading", `Reading the last ${window} from the topic.`];
    case "waiting":
      return ["warn", "Waiting", `No edit in the last ${window}. Is the producer running?`];
    case "live":
      return [
        "good",
        "Live",
        lag === null
          ? "Edits appear as they arrive."
          : `Edits appear ${duration(lag)} after they were made.`,
      ];
    case "behind":
      return ["warn", "Behind", `Edits appear ${duration(lag ?? 0)} after they were made.`];
    case "silent":
      return [
        "warn",
        "Silent",
        `No edit for ${duration(now - (lastEdit ?? now))}. Is the producer running?`,
      ];
    case "away":
      return [
        "bad",
        "Kafka is unreachable",
        `No answer since ${
          moment(lastAnswer ?? now, now)
        }. This page continues when Kafka is back.`,
      ];
  }
}

/**
 * Shows a state in a word, and in a sentence.
 *
 * @param {Tone} tone
 * @param {string} label
 * @param {string} sentence
 */
export function showState(tone, label, sentence) {
  state.dataset.tone = tone;
  setText(byId("label"), label);
  setText(byId("sentence"), sentence);
}
