/**
 * Compares the speed of the producer with that of other tools, on this machine.
 *
 *     deno task bench
 */
import { getLogger } from "@logtape/logtape";
import { flag, option, type OptionGroup, type Values } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { integer } from "../../lib/cli/values.ts";
import { KAFKA_VERSION } from "../../lib/local/kafka/distribution.ts";
import { writeOutput } from "../../lib/terminal/output.ts";
import { chart } from "../../tests/bench/chart.ts";
import { latency } from "../../tests/bench/latency.ts";
import { EXACTLY_ONCE, type Peer, PEERS, wikitap } from "../../tests/bench/peers.ts";
import { report } from "../../tests/bench/report.ts";
import type { Results, Series } from "../../tests/bench/results.ts";
import { Setting, Source } from "../../tests/bench/setting.ts";

const benchOptions = {
  title: "Size",
  options: {
    rounds: option({
      placeholder: "N",
      help: "Runs of each producer. They take turns.",
      parse: integer(1, 100),
      default: 5,
    }),
    events: option({
      placeholder: "N",
      help: "Events per run.",
      parse: integer(10_000, 10_000_000),
      default: 1_000_000,
    }),
    quick: flag("One round of 50,000 events, and ten seconds at live pace: two minutes."),
    output: option({
      placeholder: "FOLDER",
      help: "Also write the results to this folder, as speed.md and speed.svg.",
      parse: String,
    }),
  },
} satisfies OptionGroup;

type BenchOptions = Values<typeof benchOptions.options>;

const log = getLogger(["wikitap", "bench"]);

export const main = program({
  usage: "deno task bench",
  summary:
    "Measures rates, CPU time, memory and latency of the producer and of other tools, in turn, " +
    "on a source and a Kafka that it starts. Skips tools that are not installed. Needs a machine " +
    "without other work.",
  examples: [
    ["deno task bench --quick", "A first impression in two minutes"],
    ["deno task bench --output docs", "Everything, in half an hour"],
  ],
  groups: [benchOptions],
  async run(options, stop) {
    const { quick, output } = options;
    const size = quick ? { rounds: 1, events: 50_000, seconds: 20 } : { ...options, seconds: 60 };
    const where = await circumstances();
    await using source = await Source.start(size.events);
    const one = await onOneNode(source, size, quick, stop);
    const three = quick ? [] : [await onThreeNodes(source, size.events, stop)];
    const results: Results = {
      ...where,
      ...one,
      growth: [...one.growth, ...three],
      events: size.events,
    };
    const text = report(results);
    writeOutput(text);
    if (output === undefined) return;
    await Deno.mkdir(output, { recursive: true });
    await Deno.writeTextFile(`${output}/speed.md`, text);
    await Deno.writeTextFile(`${output}/speed.svg`, chart(results.peers));
  },
});

async function onOneNode(
  source: Source,
  size: Pick<BenchOptions, "rounds" | "events"> & { seconds: number },
  quick: boolean,
  stop: AbortSignal,
): Promise<Pick<Results, "peers" | "growth" | "latency">> {
  await using setting = await Setting.open(source, 1, stop);
  const peers = await compare(setting, size, stop);
  const growth: Series[] = [];
  const made = (events: number) => ({ events, path: `made/${events}` });
  growth.push(await series("10⁵ events", setting, EXACTLY_ONCE, made(1e5)));
  growth.push(await series("10⁶ events", setting, EXACTLY_ONCE, made(1e6)));
  if (!quick) growth.push(await series("10⁷ events", setting, EXACTLY_ONCE, made(1e7)));
  for (const partitions of [1, 3, 12]) {
    const name = partitions === 1 ? "1 partition" : `${partitions} partitions`;
    const run = { events: size.events, partitions };
    growth.push(await series(name, setting, EXACTLY_ONCE, run));
  }
  const live = [];
  for (const delivery of ["exactly-once", "at-least-once"]) {
    for (const linger of ["0", "100ms", "1s"]) {
      const name = `${delivery}, --linger ${linger}`;
      log.info("{name}, at live pace", { name });
      const peer = wikitap(name, "--linger", linger, "--delivery", delivery);
      live.push({ name, latency: await latency(peer, setting, size.seconds) });
    }
  }
  return { peers, growth, latency: live };
}

async function onThreeNodes(source: Source, events: number, stop: AbortSignal): Promise<Series> {
  await using setting = await Setting.open(source, 3, stop);
  const options = { events, replicationFactor: 3 };
  return await series("3 nodes, 3 replicas", setting, EXACTLY_ONCE, options);
}

/** Runs all producers in turn, once per round. */
async function compare(
  setting: Setting,
  { rounds, events }: { rounds: number; events: number },
  stop: AbortSignal,
): Promise<Series[]> {
  const all = [];
  for (const peer of PEERS) all.push({ peer, runs: [] as Run[], skipped: await trouble(peer) });
  for (let round = 0; round < rounds; round++) {
    for (const { peer, runs, skipped } of all) {
      if (skipped !== undefined || stop.aborted) continue;
      runs.push(await setting.run(peer, { events: peer.isSlow ? events / 10 : events }));
      log.info("{name}, round {round}: {seconds} s", {
        name: peer.name,
        round: round + 1,
        seconds: runs.at(-1)!.seconds,
      });
    }
  }
  return all.map(({ peer: { name }, runs, skipped }) => ({
    name,
    runs,
    ...skipped === undefined ? {} : { skipped },
  }));
}

type Run = Awaited<ReturnType<Setting["run"]>>;

async function trouble(peer: Peer): Promise<string | undefined> {
  try {
    await peer.prepare();
    return undefined;
  } catch (error) {
    const [reason = ""] = String((error as Error).message).split("\n");
    log.warn("Skipping {name}: {reason}", { name: peer.name, reason });
    return reason;
  }
}

async function series(
  name: string,
  setting: Setting,
  peer: Peer,
  options: Parameters<Setting["run"]>[1],
): Promise<Series> {
  const run = await setting.run(peer, options);
  log.info("{name}: {seconds} s", { name, seconds: run.seconds });
  return { name, runs: [run] };
}

async function circumstances(): Promise<Pick<Results, "machine" | "versions" | "date">> {
  const cpu = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const [, model = Deno.build.arch] = /model name\s*: (.*)/.exec(cpu) ?? [];
  const cores = navigator.hardwareConcurrency;
  const load = Deno.loadavg()[0]!.toFixed(1);
  if (Number(load) > cores / 4) log.warn("The machine has other work: load {load}", { load });
  return {
    machine: `${model}, ${cores} cores, load ${load} before the bench`,
    versions: `Deno ${Deno.version.deno}, Apache Kafka ${KAFKA_VERSION}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

if (import.meta.main) await runMain(main);
