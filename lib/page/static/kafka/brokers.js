import { byId, keyed, make, setText } from "../dom.js";

/** @typedef {import("../../cluster/wire.ts").State} State */
/** @typedef {import("../../cluster/wire.ts").Broker} Broker */
/** @typedef {import("../../cluster/wire.ts").Partition} Partition */

/**
 * Draws each broker as a box with its partitions.
 *
 * @param {State} state
 */
export function showBrokers({ brokers, partitions }) {
  keyed(byId("brokers"), brokers, ({ id }) => String(id), makeBroker, (box, broker) => {
    const isUp = broker.address !== null;
    box.dataset.up = isUp ? "yes" : "no";
    const [head, address, chips] = /** @type {HTMLElement[]} */ ([...box.children]);
    const [name, tag] = /** @type {HTMLElement[]} */ ([...(head?.children ?? [])]);
    if (name === undefined || tag === undefined || !address || !chips) return;
    setText(name, `Broker ${broker.id}`);
    setText(tag, isUp ? "controller" : "down");
    tag.hidden = isUp && broker.controller !== true;
    setText(address, broker.address ?? "no address");
    const own = partitions.filter(({ replicas }) => replicas.includes(broker.id));
    keyed(
      chips,
      own,
      ({ partition }) => String(partition),
      () => make("li", "chip"),
      (chip, one) => {
        showChip(chip, one, broker.id);
      },
    );
  });
}

function makeBroker() {
  const head = make("div", "line", [make("h3"), make("span", "tag")]);
  return make("li", "broker", [head, make("p"), make("ul", "chips")]);
}

/**
 * @param {HTMLElement} chip
 * @param {Partition} partition
 * @param {number} broker
 */
function showChip(chip, { partition, leader, inSync }, broker) {
  const isLeader = leader === broker;
  const isLate = !inSync.includes(broker);
  chip.className = `chip${isLeader ? " leader" : ""}${isLate ? " late" : ""}`;
  const role = isLeader ? "leads" : isLate ? "out of sync" : "follows";
  const text = `${partition}`;
  if (chip.dataset.role === role && chip.firstChild?.textContent === text) return;
  chip.dataset.role = role;
  chip.title = `partition ${partition}: ${role}`;
  chip.replaceChildren(text, make("span", "hidden", [` ${role}`]));
}
