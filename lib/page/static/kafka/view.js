/** The Kafka view: brokers, partitions, groups and their changes. */
import { listen } from "../connection.js";
import { byId, make, setText } from "../dom.js";
import { duration, timeOfDay } from "../format.js";
import { showLost, showState } from "../status.js";
import { showBrokers } from "./brokers.js";
import { addLags, groupColors, setLags, showGroups } from "./groups.js";
import { showPartitions } from "./partitions.js";

/** @typedef {import("../../cluster/wire.ts").ClusterMessage} ClusterMessage */
/** @typedef {import("../../cluster/wire.ts").State} State */
/** @typedef {import("../../cluster/wire.ts").Happening} Happening */

/** The maximum rows of the list of changes. */
const MAX_HAPPENINGS = 100;

/** The last state. @type {State | undefined} */
let state;

listen("/kafka/events", onMessage, draw);

/** @param {ClusterMessage} message */
function onMessage(message) {
  state = message.state;
  if (message.type === "snapshot") {
    byId("invented").hidden = !message.invented;
    byId("happenings").replaceChildren();
    setLags(message.lags);
  } else addLags(message.state);
  addHappenings(message.happenings);
}

/** @param {boolean} isLost */
function draw(isLost) {
  if (state === undefined) return;
  setText(byId("topic"), state.topic);
  if (isLost) showLost();
  else showState(...health(state));
  const colors = groupColors(state.groups);
  showBrokers(state);
  showPartitions(state, colors);
  showGroups(state, colors);
  showFooter(state);
}

/** @param {readonly Happening[]} happenings Newest first. */
function addHappenings(happenings) {
  const list = byId("happenings");
  for (const { time, tone, text } of happenings.toReversed()) {
    const when = make("time", "", [timeOfDay(time)]);
    when.dateTime = new Date(time).toISOString();
    const item = make("li", "", [make("span", "dot"), when, make("span", "", [text])]);
    item.dataset.tone = tone;
    list.prepend(item);
  }
  while (list.childElementCount > MAX_HAPPENINGS) list.lastElementChild?.remove();
  byId("happenings-empty").hidden = list.childElementCount > 0;
}

/**
 * @param {State} state
 * @returns {[tone: Happening["tone"], label: string, sentence: string]}
 */
function health({ awaySince, now, brokers, partitions, topic, topicId }) {
  if (awaySince !== null) {
    return [
      "bad",
      "Kafka is unreachable",
      `No broker has answered for ${duration(now - awaySince)}.`,
    ];
  }
  if (brokers.length === 0) return ["idle", "Connecting", "Waiting for Kafka's first answer."];
  if (topicId === null) return ["bad", "No topic", `The topic ${topic} does not exist.`];
  const leaderless = partitions.filter(({ leader }) => leader === null).length;
  if (leaderless > 0) return ["bad", "No leader", `Partitions without a leader: ${leaderless}.`];
  const late = partitions.filter(({ inSync, replicas }) => inSync.length < replicas.length).length;
  if (late > 0) {
    return ["warn", "Under-replicated", `Partitions with replicas out of sync: ${late}.`];
  }
  const up = brokers.filter(({ address }) => address !== null).length;
  const rate = partitions.reduce((sum, one) => sum + one.rate, 0);
  const all = up === 1 ? "One broker" : `${up} brokers`;
  return [
    "good",
    "Healthy",
    `${all}, every replica in sync, ${Math.round(rate)} records per second.`,
  ];
}

/** @param {State} state */
function showFooter({ producers, withheld }) {
  const names = producers.join(", ");
  setText(byId("producers"), names === "" ? "" : `Producers with a saved position: ${names}.`);
  const missing = withheld.join("; ");
  setText(byId("withheld"), missing === "" ? "" : `Not shown, permission missing: ${missing}.`);
}
