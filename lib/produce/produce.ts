import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../shared/duration.ts";
import { UserError } from "../shared/error.ts";
import { untilAborted } from "../shared/sleep.ts";
import { DISORDER } from "../upstream/back_fill.ts";
import { Position } from "../upstream/position/position.ts";
import type { ProduceOptions } from "./options.ts";
import { Pipeline } from "./pipeline.ts";
import { restore } from "./saved_form.ts";

const log = getLogger(["wikitap", "produce"]);

/**
 * Reads events, transforms them, and publishes them to Kafka in batches, each with the position
 * after its last event. Records accumulate while a batch is in flight, so a quiet stream is
 * published at once, and a fast one in large batches.
 *
 * Returns after `stop` is aborted, the limit is reached or the stream has ended. All pending
 * records are then published.
 *
 * @throws {UserError} if the stream or Kafka cannot be used, or if pending records could not be
 * published within `shutdownTimeout`.
 */
export async function produce(options: ProduceOptions): Promise<void> {
  const { publisher, counts } = options;
  counts.publisher = publisher.counts;
  try {
    const opening = publisher.open();
    await Promise.race([opening, untilAborted(options.stop)]);
    // Nothing is pending yet, and noticing that Kafka is unreachable may take a while.
    if (options.stop.aborted) return void opening.then(() => publisher.close(), () => {});
    const saved = await opening;
    // A position without handled events has only the time of an earlier start.
    const isFresh = saved === undefined || (saved.handled === 0 && options.since !== undefined);
    const position = isFresh
      ? new Position(options.since ?? Date.now())
      : restore(saved.position, options.stream);
    checkEnd(position, options);
    reportStart(position, !isFresh, options);
    await options.onBegin?.(position.reached);
    counts.beganAt = position.reached;
    await new Pipeline(options, position, saved?.handled ?? 0).run();
  } finally {
    await publisher.close();
  }
}

/** @throws {UserError} if the position is already after `until`. */
function checkEnd({ earliest }: Position, { until }: ProduceOptions): void {
  if (until === undefined || earliest <= until + DISORDER) return;
  const [begin, end] = [earliest, until].map((ms) => new Date(ms).toISOString());
  throw new UserError(`Cannot start at ${begin}: --until is ${end}, expected a later time`, {
    hint: "Set the start with --since; if a position is saved, delete it with --reset-position",
  });
}

/** Logs the start of the run, the age of the position, and how to reset it. */
function reportStart(position: Position, isSaved: boolean, { since }: ProduceOptions): void {
  const at = new Date(position.reached).toISOString();
  const age = formatDuration(Math.max(0, Date.now() - position.reached));
  if (!isSaved) {
    const when = since === undefined ? "now" : `at ${at}, ${age} ago`;
    return log.info("No saved position: starting {when}", { when, at, age });
  }
  log.info("Resuming at {at}, {age} ago (to start again: --reset-position)", { at, age });
  if (since !== undefined) log.warn("--since is ignored: there is a saved position");
}
