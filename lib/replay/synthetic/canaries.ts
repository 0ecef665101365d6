import { uuid } from "../random.ts";
import { Salt } from "./salt.ts";
import { type EventSequence, firstDueOf } from "./source.ts";
import type { Template } from "./template.ts";
import { timeFormat } from "./time_format.ts";

/** Returns the events of an idle topic: a canary every `interval` ms. */
export function idleCanaries(
  { seed, start, interval, canary }: {
    readonly seed: number;
    readonly start: number;
    readonly interval: number;
    readonly canary: Template;
  },
): EventSequence {
  const formatTime = timeFormat();
  const due = (index: number) => start + Math.floor((index + 0.5) * interval);
  return {
    due,
    timestamp: due,
    firstDue: (time) => firstDueOf(due, (time - start) / interval - 0.5, time),
    write: (index, to, topic, offset) =>
      canary({
        uuid: uuid(seed, Salt.canaryUuid, index),
        requestId: uuid(seed, Salt.canaryUuid, -1 - index),
        dt: formatTime(due(index)),
        topic,
        offset,
      }, to),
  };
}
