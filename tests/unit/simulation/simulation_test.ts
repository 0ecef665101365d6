import { assert, assertEquals } from "@std/assert";
import { type Outcome, runHistory } from "../../simulation/history.ts";
import {
  type Client,
  CLIENTS,
  type Cuts,
  type Fault,
  FAULT_NAMES,
  Plan,
  UNCUT,
} from "../../simulation/plan.ts";
import { inTask } from "../../simulation/world/scheduler.ts";

const run = (seed: number, cuts: Partial<Cuts> = {}, traces = false): Promise<Outcome> =>
  inTask(() => runHistory(new Plan(seed, { ...UNCUT, ...cuts }), { traces }));

for (const program of ["producer", "store"] as const) {
  Deno.test(`runHistory() gives the same timeline for the same seed: ${program}`, async () => {
    const [first, second] = [await run(7, { program }, true), await run(7, { program }, true)];
    assert(first.timeline.length > 30, `${first.timeline.length} lines`);
    assertEquals(second.timeline, first.timeline);
  });
}

Deno.test("runHistory() leaves the platform's clock and timers as they were", async () => {
  const before = [Date, setTimeout, Math.random, crypto.randomUUID, performance.now];
  await run(1);
  assertEquals([Date, setTimeout, Math.random, crypto.randomUUID, performance.now], before);
});

/** Seeds that once failed, because of the program or the simulation. */
const SEEDS: Readonly<Record<Client, readonly number[]>> = {
  kafkajs: [9, 21, 67, 118, 148, 182, 232, 331, 504, 675, 825, 1005, 10015, 10388],
  direct: [
    1189,
    6100171,
    6100318,
    6101182,
    6101237,
    7000626,
    7000927,
    7002293,
    7003365,
    9000141,
    9004830,
    9005132,
    42006007,
    42007772,
    42013242,
    45017632,
    46001932,
    47036834,
    47201961,
    48000967,
    48002967,
    48004269,
    48009530,
    48019398,
    207873530,
    500023120,
    500036371,
    610007206,
    708028191,
    720114741,
    740000831,
    746015522,
  ],
};

/** Faults that were added later: with them, the histories of earlier seeds would be others. */
const RECREATED: readonly Fault[] = ["topic recreated"];
const LEFT_OUT: readonly Fault[] = ["left out"];
const LATER = [...RECREATED, ...LEFT_OUT];

for (const client of CLIENTS) {
  for (const seed of SEEDS[client]) {
    Deno.test(`the history of seed ${seed} (${client}) keeps the guarantees`, async () => {
      assertEquals((await run(seed, { client, without: LATER })).failures, []);
    });
  }
}

/** Seeds of histories of `store` that once failed. */
const STORE_SEEDS = [
  7,
  60003903,
  61000145,
  61000681,
  207871890,
  310001431,
  310005086,
  314521629,
  500026267,
  500065697,
  600004528,
  720052260,
];

for (const seed of STORE_SEEDS) {
  Deno.test(`the history of seed ${seed} (store) keeps the guarantees`, async () => {
    assertEquals((await run(seed, { program: "store" })).failures, []);
  });
}

/** Parts of histories that once failed: the seed, the maximum events, and the remaining faults. */
const PARTS: readonly (readonly [number, number, readonly Fault[]])[] = [
  [701579, 1, ["slow request", "late request", "error after", "throttle"]],
  [
    700065,
    40,
    [
      "cut",
      "short end",
      "stall",
      "trickle",
      "error event",
      "unreachable",
      "no answer",
      "status 429",
      "signal forgotten",
      "slow request",
      "lost answer",
      "late request",
      "error after",
      "throttle",
      "kill",
    ],
  ],
];

for (const [seed, events, faults] of PARTS) {
  Deno.test(`part of the history of seed ${seed} keeps the guarantees`, async () => {
    const without = FAULT_NAMES.filter((name) => !faults.includes(name));
    assertEquals((await run(seed, { without, events, client: "kafkajs" })).failures, []);
  });
}

/** Histories that once failed with faults which their seeds do not draw. */
const FORCED: readonly (readonly [number, readonly Fault[]])[] = [
  [1555, ["retention", "repeated id", "whole seconds", "kill", "cut", "short end", "minutes back"]],
  [
    330001933,
    [
      "cut",
      "broker down",
      "stop",
      "refused record",
      "slow request",
      "lost answer",
      "throttle",
      "kill at a call",
      "skewed date",
    ],
  ],
  [
    340000539,
    [
      "minutes back",
      "renumber up",
      "gap",
      "skewed date",
      "bad frame",
      "years back",
      "renumber down",
    ],
  ],
  [613011164, ["burst", "error before", "coordinator moves", "refused record"]],
  [614007644, ["freeze", "minutes back", "stop", "data center"]],
];

for (const [seed, always] of FORCED) {
  Deno.test(`the history of seed ${seed} with more faults keeps the guarantees`, async () => {
    assertEquals((await run(seed, { always, client: "direct", without: LATER })).failures, []);
  });
}

/** The same for histories with faults that were added later, some even if not drawn. */
const WITH_LATER: readonly (readonly [number, readonly Fault[]])[] = [
  [760000374, RECREATED],
  [760000707, RECREATED],
  [753012577, []],
  [753034071, []],
  [753035694, []],
  [753039791, []],
  [753049023, []],
  [754030980, []],
  [755000101, []],
  [801004960, []],
  [803056327, []],
  [810156683, []],
  [810185397, []],
  [810195909, []],
  [836041013, []],
  [836052120, ["left out"]],
  [836149065, []],
  [900000756, ["left out", "bad frame"]],
  [940003746, ["left out", "retention", "renumber down"]],
];

for (const [seed, always] of WITH_LATER) {
  Deno.test(`the history of seed ${seed} with all faults keeps the guarantees`, async () => {
    const without = always.includes("left out") ? [] : LEFT_OUT;
    assertEquals((await run(seed, { always, without })).failures, []);
  });
}
