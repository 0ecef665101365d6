import { assert, assertEquals } from "@std/assert";
import { runStoreChaos, type StoreChaosOptions } from "./store_chaos.ts";

/** Tests the store with one sink, shortly and with a new seed; the actions are shown if it fails. */
export function testStore(sink: StoreChaosOptions["sink"]): void {
  Deno.test(`store is exactly-once in ${sink} while processes are killed`, async () => {
    const lines: string[] = [];
    const report = await runStoreChaos({
      sink,
      records: 30_000,
      duration: 30_000,
      storeKills: 3,
      storeStops: 1,
      databaseKills: 2,
      brokerKills: 1,
      seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
      log: (line) => lines.push(line),
    });
    const { lost, extra, duplicated, aborted, missing, committed, stored, putAside } = report;
    const log = lines.join("\n");
    assertEquals({ lost, extra, duplicated, aborted, missing, stored }, {
      lost: 0,
      extra: 0,
      duplicated: 0,
      aborted: 0,
      missing: 0,
      stored: committed,
    }, log);
    assert(committed >= 30_000 && putAside > 0, log);
  });
}
