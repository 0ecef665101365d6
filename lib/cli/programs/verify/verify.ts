import { type Main, program } from "../../program.ts";
import { clusterConfig } from "../../open/cluster_config.ts";
import { openRegistry } from "../../open/logins.ts";
import { getLogger } from "@logtape/logtape";
import { editSchema } from "../../../edits/message/edit.ts";
import type { Payload } from "../../../edits/message/encoder.ts";
import { buildTransform } from "../../../edits/transform.ts";
import { type Cluster, openCluster } from "../../../kafka/client/cluster.ts";
import { savedPosition } from "../../../kafka/publish/position/position_store.ts";
import { marksIn, savedChoices } from "../../../produce/record_options.ts";
import { formatDuration } from "../../../shared/duration.ts";
import { ExitCode, UsageError } from "../../../shared/error.ts";
import { ask } from "../../../terminal/ask.ts";
import { writeOutput } from "../../../terminal/output.ts";
import { counted } from "../../../terminal/numbers.ts";
import type { ProgramStatus } from "../../../terminal/status_line.ts";
import type { VerifyOptions, VerifyProgress } from "../../../verify/options.ts";
import { repair } from "../../../verify/repair.ts";
import { isClean } from "../../../verify/report.ts";
import { type Verified, verify } from "../../../verify/verify.ts";
import type { logOptions } from "../../log.ts";
import type { GroupValues, Values } from "../../option.ts";
import { type ProducerPlan, producerPlan } from "../../options/producer_plan.ts";
import { savedOptions } from "../../options/saved_options.ts";
import { asProducer, spanOf, VERIFY_GROUPS } from "../../options/verify.ts";
import { showStatus } from "../../status.ts";
import { jsonEncoding, knownEncoder } from "../produce/encoding.ts";
import { streamOpener } from "../produce/event_stream.ts";
import { repairQuestion, reportJson, reportText } from "./verify_report.ts";

type VerifyValues = GroupValues<typeof VERIFY_GROUPS> & Values<typeof logOptions.options>;

const log = getLogger(["wikitap", "verify"]);

/**
 * Compares a topic with its source, prints the report, and publishes lost records if requested. The
 * exit code is 0 if nothing is lost, duplicated, different or out of order, and otherwise 1.
 */
export const verifyMain: Main = program({
  usage: "deno task verify",
  summary:
    "Compares a topic with the stream that it was made from. Reads a span of the stream again, makes " +
    "the records as the producer does, and reports what is lost, duplicated, different or out of " +
    "order. Exits with code 0 only if there are no such records.",
  examples: [
    ["deno task verify", "The last hour, up to a minute ago"],
    ["deno task verify --since 2026-01-01 --until 2026-01-02", "One day"],
    ["deno task verify --since 1d --output json", "The last day, as JSON"],
    ["deno task verify --since 2h --repair", "Publishes lost records, after asking"],
    ["deno task verify --topic other --ignore-position", "A topic that another program fills"],
  ],
  groups: VERIFY_GROUPS,
  run: async (values, stop) => {
    const cluster = openCluster(clusterConfig(values));
    checkRepair(values);
    const watch = verifyWatch();
    const { verified, plan } = await (async () => {
      using _status = showStatus({ component: "verify", snapshot: watch.snapshot, log: values });
      return await compareTopic(values, cluster, { stop, onProgress: watch.onProgress });
    })();
    const { report } = verified;
    writeOutput(values.output === "json" ? reportJson(report) : reportText(report));
    if (values.repair) await repairAfterQuestion(verified, { values, plan, cluster, stop });
    return isClean(report) ? ExitCode.done : ExitCode.failure;
  },
});

/**
 * Compares a topic with its source, as the options specify.
 *
 * @param more Further options of `verify()`.
 */
export async function compareTopic(
  values: GroupValues<typeof VERIFY_GROUPS>,
  cluster: Cluster,
  more: Pick<VerifyOptions, "stop" | "onProgress" | "maxRecords" | "patienceMs">,
): Promise<{ readonly verified: Verified; readonly plan: ProducerPlan }> {
  const span = spanOf(values);
  const plan = await planOf(values, cluster);
  const { edits, topics } = plan;
  const { payload = "edit", avro } = edits;
  const [topic = plan.position.topic] = topics ?? [];
  const encoder = avro === undefined
    ? jsonEncoding(payload).encoder
    : await knownEncoder(avro, openRegistry(plan)!, topic, more.stop);
  const verified = await verify({
    ...span,
    ...more,
    open: streamOpener(plan),
    transform: buildTransform(edits, encoder),
    fieldNames: avro === undefined ? fieldNames(payload) : undefined,
    cluster,
    topics,
    place: values.ignorePosition ? undefined : plan.position,
  });
  return { verified, plan };
}

/** Returns the producer's plan, with the options that its position shows. */
async function planOf(
  values: GroupValues<typeof VERIFY_GROUPS>,
  cluster: Cluster,
): Promise<ProducerPlan> {
  const given = asProducer(values);
  // Finding the position needs no registry.
  const { position } = producerPlan({ ...given, dryRun: true });
  const saved = values.ignorePosition ? undefined : await savedPosition(cluster, position);
  const marks = marksIn(saved?.position);
  if (marks === undefined) return producerPlan(given);
  const options = savedOptions(given, marks);
  for (const [name] of savedChoices(marks)) {
    if (options[name] === given[name]) continue;
    log.info("Comparing with the producer's --{name} {value}", {
      name,
      value: options[name],
    });
  }
  const { stream } = saved?.position as { stream?: unknown };
  if (stream !== given.streamUrl.href) {
    log.warn(
      "The saved position belongs to the stream '{stream}', but the topic is compared with '{other}'",
      {
        stream,
        other: given.streamUrl.href,
      },
    );
  }
  return producerPlan(options);
}

/** @throws {UsageError} if the repair needs a confirmation and there is no terminal. */
function checkRepair({ repair, yes, output }: VerifyValues): void {
  if (yes && !repair) throw new UsageError("Cannot use --yes without --repair");
  if (!repair || yes) return;
  if (output === "text" && Deno.stdin.isTerminal()) return;
  throw new UsageError("Cannot ask before the repair: expected a terminal and --output text", {
    hint: "Add --yes to repair without asking",
  });
}

interface RepairContext {
  readonly values: VerifyValues;
  readonly plan: ProducerPlan;
  readonly cluster: Cluster;
  readonly stop: AbortSignal;
}

async function repairAfterQuestion(
  { report, lost }: Verified,
  { values, plan, cluster, stop }: RepairContext,
): Promise<void> {
  if (lost.length === 0) return;
  const question = repairQuestion(report.differences.lost, lost.length);
  if (!values.yes && !await ask(question, stop)) return log.info("Nothing was published");
  let published = 0;
  try {
    await repair({
      cluster,
      name: plan.position.group,
      lost,
      stop,
      at: new Date(),
      onPublished: (count) => published = count,
    });
  } finally {
    log.info("Published {records} to repair the topic; verify again to see the result", {
      records: counted(published, "record"),
      count: published,
    });
  }
}

/** Returns the names of the fields in the order in which the producer writes them. */
function fieldNames(payload: Payload): readonly string[] | undefined {
  if (payload === "event") return undefined;
  if (payload === "edit") return Object.keys(editSchema.shape);
  return payload.fields.map(({ name }) => name);
}

/** Returns the status of a comparison, with the remaining time of its phase. */
export function verifyWatch(now: () => number = () => performance.now()): {
  readonly onProgress: (progress: VerifyProgress) => void;
  readonly snapshot: () => ProgramStatus;
} {
  let progress: VerifyProgress = { phase: "reading the source", part: 0, records: 0 };
  let begun = now();
  return {
    onProgress: (next) => {
      if (next.phase !== progress.phase) begun = now();
      progress = next;
    },
    snapshot: () => {
      const { phase, part, records } = progress;
      const left = part > 0 ? (now() - begun) * (1 - part) / part : undefined;
      return {
        state: phase,
        isHealthy: true,
        progress: part,
        parts: [
          ...left === undefined ? [] : [`${formatDuration(Math.round(left / 1000) * 1000)} left`],
          counted(records, "record"),
        ],
        facts: {
          progress: part,
          records,
          seconds_left: left === undefined ? undefined : left / 1000,
        },
      };
    },
  };
}
