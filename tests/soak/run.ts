import type { VerifyReport } from "../../lib/verify/report.ts";
import { Checker } from "../chaos/harness/checker.ts";
import { compare } from "../chaos/harness/comparison.ts";
import { expectedOf } from "../chaos/harness/expected.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { serve } from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { checkPostgres, checkPrinted, checkSqlite } from "./places.ts";
import { Watched } from "./watched.ts";

export interface SoakOptions {
  /** The duration of the measurement, and of the warm-up before it, in ms. */
  readonly length: number;
  readonly warmUp: number;
  /** The interval of measurements, in ms. */
  readonly every: number;
  /** The duration of an upstream connection, and the mean time between cuts, in ms. */
  readonly reconnect: number;
  /** The approximate number of edits per second. */
  readonly rate: number;
  /** Called with the programs after each measurement, and with their run time in ms. */
  readonly onMeasured: (time: number, watched: readonly Watched[]) => void;
  /** Ends the run early. */
  readonly stop: AbortSignal;
}

export interface SoakReport {
  /** The programs with their measurements. */
  readonly watched: readonly Watched[];
  /** The comparison of each output with the served events. */
  readonly places: Readonly<Record<string, VerifyReport>>;
  /** Upstream connections, and the number of cut ones. */
  readonly connections: number;
  readonly cuts: number;
}

const PARTITIONS = 6;
/** The share of edits in the events. */
const EDITS_SHARE = 0.38;
/** The run time after the last measurement, in ms, so that all programs are busy during it. */
const BEYOND = 5000;
/** The time limit for storing the rest, once everything was served, in ms. */
const SETTLE_LIMIT = 60_000;
/**
 * The maximum growth of a program's memory, in MiB, for any duration. V8 collects garbage at any
 * time: a stable program varied between 103 and 167. A leak of 100 bytes per upstream event would
 * be 90 an hour.
 */
const MAY_GROW = 64;
/** SQLite's page cache grows with the file, up to 64 MiB. */
const SQLITE_MAY_GROW = MAY_GROW + 64;

/**
 * The stand-in for upstream, a Kafka, the producer, `consume`, and `store` into SQLite and into
 * PostgreSQL. Each program gets the number of edits and ends by itself.
 *
 * @throws {UserError} if a program ends too early, too late or with a failure.
 */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { length, warmUp, reconnect, stop } = options;
  const events = options.rate / EDITS_SHARE;
  const count = Math.ceil(events * (warmUp + length + BEYOND) / 1000);
  const log = syntheticLog({ start: Date.now(), rate: events, count });
  const { edits } = expectedOf(log);

  const directory = await Deno.makeTempDir({ prefix: "wikitap-soak-" });
  const server = await testPostgres();
  try {
    await using kafka = await startKafka({
      directory: `${directory}/kafka`,
      port: 0,
      heap: 256,
      signal: stop,
    });
    await using database = await server.database();
    const topic = await makeTopic(kafka.bootstrapServers, { partitions: PARTITIONS });
    await using upstream = serve(log, {
      pace: "first-client",
      connectionLimit: reconnect,
      faults: { cutEvery: Math.ceil(events * reconnect / 1000) },
    });
    await using processes = new AsyncDisposableStack();
    const start = async (
      name: string,
      args: readonly string[],
      { mayGrow = MAY_GROW, env = {} } = {},
    ) => {
      const [script = "", ...others] = args;
      const from = ["--bootstrap-server", kafka.bootstrapServers, "--topic", topic];
      return processes.use(
        await Watched.start({
          name,
          mayGrow,
          env,
          output: `${directory}/${name}`,
          args: [script, ...from, ...others],
        }),
      );
    };
    const all = ["--max-messages", String(edits.length)];
    const sqlite = `${directory}/edits.db`;
    const watched = [
      await start("store-sqlite", ["scripts/store.ts", "--database", `sqlite:${sqlite}`, ...all], {
        mayGrow: SQLITE_MAY_GROW,
      }),
      await start("store-postgres", ["scripts/store.ts", "--database", database.address, ...all], {
        env: { PGPASSWORD: server.password },
      }),
      await start("consume", [
        ...["scripts/consume.ts", "--from-beginning", "--output", "json", "--quiet", ...all],
      ]),
      await start("producer", [
        ...["main.ts", "--stream-url", upstream.url, "--since", String(log.origin)],
        ...["--events-to-produce", String(edits.length)],
      ]),
    ];
    await measure(watched, options);
    const late = AbortSignal.any([stop, AbortSignal.timeout(BEYOND + SETTLE_LIMIT)]);
    for (const program of watched.toReversed()) await program.end(late);
    const cluster = openCluster({ brokers: [kafka.bootstrapServers] });
    return {
      watched,
      places: {
        topic: (await compare({ cluster, topic, partitions: PARTITIONS }, edits)).report,
        printed: await checkPrinted(new Checker(edits, PARTITIONS), `${directory}/consume`),
        SQLite: checkSqlite(new Checker(edits, PARTITIONS), sqlite),
        PostgreSQL: await checkPostgres(new Checker(edits, PARTITIONS), database),
      },
      connections: upstream.stats.connections,
      cuts: upstream.stats.cuts,
    };
  } finally {
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Measures the programs regularly after the warm-up. */
async function measure(watched: readonly Watched[], options: SoakOptions): Promise<void> {
  const { length, warmUp, every, onMeasured, stop } = options;
  const begin = Date.now();
  for (let time = warmUp; time <= warmUp + length; time += every) {
    await sleep(begin + time - Date.now(), stop);
    stop.throwIfAborted();
    for (const program of watched) await program.measure();
    onMeasured(time, watched);
  }
}
