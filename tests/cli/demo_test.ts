import { assert, assertEquals, assertMatch } from "@std/assert";
import { kafkaLibs } from "../../lib/local/kafka/distribution.ts";
import { isFree } from "../../lib/local/process/ports.ts";
import { commandLine } from "../../lib/local/process/process.ts";
import { shell } from "../../lib/local/process/shell.ts";
import type { ClusterSnapshot } from "../../lib/page/cluster/wire.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { busyDefaultPorts } from "../support/programs/default_ports.ts";
import { serve } from "../support/kafka/produce.ts";
import { startOnTerminal } from "../support/programs/terminal.ts";
import { needing } from "../support/tools/skip.ts";
import { until } from "../support/tools/until.ts";

const KAFKA_HOME = (await Deno.realPath(await kafkaLibs())).replace(/\/libs$/, "");
const DEMO = new URL("../../scripts/demo.ts", import.meta.url).pathname;

/** The address at which the demo starts Kafka, unless one answers there. */
const PORT = 9092;
/** The ports of three brokers that other programs use. */
const BUSY = await busyDefaultPorts([PORT, PORT + 1, PORT + 2]);
/** How long the first edit may take to appear, in ms. */
const LIMIT = 60_000;

const EDIT = /^\d\d:\d\d:\d\d {2}\S+\.\S+ +[+-]?[\d,]+ {2}\S/;
const PAGE = /Live page: (http:\/\/127\.0\.0\.1:\d+\/)/;

Deno.test(needing(BUSY.includes(PORT) ? `port ${PORT} in use` : undefined, {
  name: "demo shows edits and a live page within a minute, until Ctrl-C",
  fn: async () => {
    const cwd = await Deno.makeTempDir({ prefix: "wikitap-demo-" });
    await using server = serve(
      syntheticLog({ start: Date.now() - 5000, rate: 40 }),
      { pace: "wall-clock" },
    );
    try {
      const begun = performance.now();
      await using session = startOnTerminal(
        ["-A", DEMO, "--stream-url", server.url],
        { cwd, columns: 200, env: { KAFKA_HOME } },
      );
      await session.until((screen) => screen.some((row) => EDIT.test(row)));
      await session.until((screen) => screen.some((row) => PAGE.test(row)));
      assert(performance.now() - begun < LIMIT);

      const [, url] = PAGE.exec(session.screen().join("\n"))!;
      const page = await fetch(url!);
      assertEquals(page.status, 200);
      assertMatch(await page.text(), /<title>/);

      const below = await descendants(session.pid);
      const programs = await Promise.all(below.map(commandLine));
      assert(programs.some((line) => line?.includes("kafka.Kafka")), programs.join("\n"));

      await session.interrupt();
      assertEquals(await session.ended, 0);
      await until(
        () => Promise.all(below.map(commandLine)),
        (left) => left.every((line) => line === undefined),
      );
      assert(isFree(PORT));
      assertMatch(session.screen().at(-1)!, /Published [\d,]+ records? of/);
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  },
}));

Deno.test(needing(BUSY.length > 0 ? `ports in use: ${BUSY}` : undefined, {
  name: "demo --nodes 3 shows synthetic edits without Wikimedia",
  fn: async () => {
    const cwd = await Deno.makeTempDir({ prefix: "wikitap-demo-" });
    try {
      // Nothing listens on port 1.
      await using session = startOnTerminal(
        ["-A", DEMO, "--nodes", "3", "--stream-url", "http://127.0.0.1:1/v2/stream/recentchange"],
        { cwd, columns: 200, env: { KAFKA_HOME } },
      );
      await session.until((screen) => screen.some((row) => EDIT.test(row)));
      await session.until((screen) => screen.some((row) => PAGE.test(row)));
      const [, url] = PAGE.exec(session.screen().join("\n"))!;
      assertEquals((await firstMessage(`${url}events`)).invented, true);
      assertEquals((await firstMessage(`${url}kafka/events`)).invented, true);
      // The first state is not there yet.
      const { state } = await until(
        () => firstMessage(`${url}kafka/events`) as Promise<ClusterSnapshot>,
        ({ state }) => state.partitions.some(({ inSync }) => inSync.length === 3),
      );
      assertEquals(state.topic, "wikipedia-events-synthetic");
      assertEquals(state.brokers.map(({ id }) => id), [1, 2, 3]);
      assertEquals(state.partitions.map(({ replicas }) => replicas.length), [3, 3, 3]);
      await session.interrupt();
      assertEquals(await session.ended, 0);
      assert(isFree(PORT) && isFree(PORT + 1) && isFree(PORT + 2));
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  },
}));

/** Returns the first message for a page: a snapshot. */
async function firstMessage(url: string): Promise<{ readonly invented: boolean }> {
  const { body } = await fetch(url);
  let text = "";
  for await (const part of body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n\n")) break;
  }
  return JSON.parse(text.slice("data: ".length, text.indexOf("\n\n")));
}

/** Returns the descendants of a process. */
async function descendants(pid: number): Promise<number[]> {
  const { output } = await shell("ps -e -o pid= -o ppid=");
  const children = Map.groupBy(
    output.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number)),
    ([, parent]) => parent,
  );
  const below = (parent: number): number[] =>
    (children.get(parent) ?? []).flatMap(([child]) => [child!, ...below(child!)]);
  return below(pid);
}
