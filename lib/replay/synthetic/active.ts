import { fraction, hash, uuid } from "../random.ts";
import { Salt } from "./salt.ts";
import { type EventSequence, firstDueOf } from "./source.ts";
import type { Template } from "./template.ts";
import type { Choice } from "./templates.ts";
import { NEW_ENVELOPE, oldTimeFormat, timeFormat } from "./time_format.ts";

const YEAR = 365 * 86_400_000;
/** p with p · (1 - p) = 0.22: the share of events that are late, after one that is not. */
const LATE = 0.327;

/** Returns what happens on the wikis: `rate` events per second, every `canaryEvery`-th a canary. */
export function activeEvents(
  { seed, start, rate, canaryEvery, choose, canary }: {
    readonly seed: number;
    readonly start: number;
    readonly rate: number;
    readonly canaryEvery: number;
    readonly choose: (index: number, old: boolean) => Choice;
    readonly canary: Template;
  },
): EventSequence {
  const ownId = uuid(seed, Salt.uuid, 0);
  const requestId = uuid(seed, Salt.request, 0);
  const formatTime = timeFormat();
  const due = (index: number) => start + Math.floor(index * 1000 / rate);
  const late = (index: number) => fraction(seed, Salt.late, index) < LATE;

  const isOld = (index: number) => due(index) < NEW_ENVELOPE;

  const timestamp = (index: number) => {
    const time = jittered(index);
    return isOld(index) ? Math.floor(time / 1000) * 1000 : time;
  };

  // An event is late only if the one before it is not, so that its time really goes back.
  const jittered = (index: number) => {
    if (index === 0 || !late(index) || late(index - 1)) return due(index);
    const draw = hash(seed, Salt.delay, index);
    if (draw % 88 === 1) return due(index) - (1 + draw % 8) * YEAR;
    return draw % 11 === 0 ? due(index - 1) : due(index - 1) - 1 - draw % 46;
  };

  const isCanary = (index: number) => {
    const block = Math.floor(index / canaryEvery);
    return index - block * canaryEvery === hash(seed, Salt.canary, block) % canaryEvery;
  };

  return {
    due,
    timestamp,
    firstDue: (time) => firstDueOf(due, (time - start) * rate / 1000, time),
    write: (index, to, topic, offset) => {
      const time = timestamp(index);
      const old = isOld(index);
      const size = hash(seed, Salt.size, index);
      const slots = {
        uuid: uuid(seed, Salt.uuid, index, ownId),
        // One request causes several events: an edit, and its changes of categories.
        requestId: uuid(seed, Salt.request, Math.floor(index / 3), requestId),
        dt: old ? oldTimeFormat(time) : formatTime(time),
        topic,
        offset,
        timestamp: Math.floor(time / 1000),
        id: 0,
        logId: 160_000_000 + index,
        oldRevision: 1_200_000_000 + index - 1 - size % 5000,
        newRevision: 1_200_000_000 + index,
        oldLength: 200 + size % 60_000,
        newLength: 100 + size % 60_000 + (size >>> 20),
      };
      if (isCanary(index)) return canary(slots, to);
      const { template, ids } = choose(index, old);
      slots.id = ids + index;
      template(slots, to);
    },
  };
}
