import { byId, keyed, make, setText } from "../dom.js";
import { count, rate } from "../format.js";

/** @typedef {import("../../cluster/wire.ts").State} State */
/** @typedef {import("../../cluster/wire.ts").Partition} Partition */

/**
 * Draws each partition as a bar of its offsets, with a mark at each group's offset.
 *
 * @param {State} state
 * @param {ReadonlyMap<string, string>} colors By group.
 */
export function showPartitions({ partitions, groups, hidden, topicId, topic }, colors) {
  const empty = byId("partitions-empty");
  empty.hidden = topicId !== null || partitions.length > 0;
  setText(empty, `The topic ${topic} does not exist yet.`);
  setText(
    byId("partitions-note"),
    hidden.partitions === 0 ? "" : `${count(hidden.partitions)} more are not shown.`,
  );
  const end = Math.max(1, ...partitions.map(({ next }) => next ?? 0));
  keyed(
    byId("partitions"),
    partitions,
    ({ partition }) => String(partition),
    makeRow,
    (row, one) => {
      const [chip, leads, bar, figures] = /** @type {HTMLElement[]} */ ([...row.children]);
      const kept = /** @type {HTMLElement | null} */ (bar?.querySelector(".kept"));
      const [flow, offsets] = /** @type {HTMLElement[]} */ ([...(figures?.children ?? [])]);
      if (!chip || !leads || !bar || !kept || !flow || !offsets) return;
      setText(chip, String(one.partition));
      setText(leads, one.leader === null ? "no leader" : `broker ${one.leader} leads`);
      const [first, next] = [one.first ?? 0, one.next ?? 0];
      kept.style.left = `${100 * first / end}%`;
      kept.style.width = `${100 * (next - first) / end}%`;
      row.dataset.flow = one.rate > 0 ? "yes" : "no";
      row.style.setProperty("--pace", `${pace(one.rate)}s`);
      setText(flow, `${rate(one.rate)}/s`);
      setText(offsets, one.next === null ? "unknown" : `${count(first)} – ${count(next)}`);
      offsets.title = "first offset – next offset";
      const marks = groups.flatMap(({ groupId, committed }) =>
        committed.filter(({ partition }) => partition === one.partition)
          .map(({ offset }) => ({ groupId, offset }))
      );
      const key = (/** @type {{ groupId: string }} */ { groupId }) => groupId;
      keyed(bar, marks, key, () => make("span", "mark"), (mark, { groupId, offset }) => {
        mark.title = `${groupId}: ${count(offset)}`;
        mark.style.left = `${100 * Math.min(offset, end) / end}%`;
        mark.style.setProperty("--group", colors.get(groupId) ?? "currentcolor");
      });
    },
  );
}

function makeRow() {
  const bar = make("div", "offsets", [make("div", "kept")]);
  bar.setAttribute("aria-hidden", "true");
  const figures = make("p", "figures", [make("b"), make("span")]);
  return make("li", "", [make("span", "chip"), make("span", "leads"), bar, figures]);
}

/**
 * Returns the seconds that a stripe takes: fewer for more records.
 *
 * @param {number} rate
 */
function pace(rate) {
  return Math.round(Math.min(4, Math.max(0.25, 3 / Math.sqrt(Math.max(rate, 0.1)))) * 4) / 4;
}
