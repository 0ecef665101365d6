import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../shared/duration.ts";
import { UserError } from "../shared/error.ts";
import { untilAborted } from "../shared/sleep.ts";
import { DISORDER } from "../upstream/resume/back_fill.ts";
import { Position } from "../upstream/resume/position.ts";
import type { ProduceOptions } from "./options.ts";
import { Pipeline } from "./pipeline.ts";
import { restore } from "./saved_form.ts";

const log = getLogger(["wikitap", "produce"]);

/**
 * The pipeline: events from upstream, through the transform, in batches to Kafka, each batch with
 * the position behind its last event. Natural batching: while one batch is in flight the next one
 * gathers, so a quiet stream is published at once and a fast one in large batches.
 *
 * Returns when `stop` is aborted, the limit is reached or the stream has ended, with everything
 * that was gathered published.
 *
 * @throws {UserError} when the stream or Kafka cannot be used, or what is in hand could not be
 * published within `shutdownTimeout`.
 */
export async function produce(options: ProduceOptions): Promise<void> {
  const { publisher, counts } = options;
  counts.publisher = publisher.counts;
  try {
    const opening = publisher.open();
    await Promise.race([opening, untilAborted(options.stop)]);
    // Nothing is in hand yet, and Kafka may take a while to say that it is away.
    if (options.stop.aborted) return void opening.then(() => publisher.close(), () => {});
    const saved = await opening;
    // A position at which nothing was handled says only when an earlier start was.
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

/** @throws {UserError} where all of the stream is behind `until` already. */
function checkEnd({ earliest }: Position, { until }: ProduceOptions): void {
  if (until === undefined || earliest <= until + DISORDER) return;
  const [begin, end] = [earliest, until].map((ms) => new Date(ms).toISOString());
  throw new UserError(`Nothing is left to do: --until is ${end}, and the beginning ${begin}`, {
    hint: "Say where to begin with --since; --reset-position forgets a saved position",
  });
}

/** Where it goes on, how old that is, and how to begin anew. */
function reportStart(position: Position, isSaved: boolean, { since }: ProduceOptions): void {
  const at = new Date(position.reached).toISOString();
  const age = formatDuration(Math.max(0, Date.now() - position.reached));
  if (!isSaved) {
    const when = since === undefined ? "now" : `at ${at}, ${age} ago`;
    return log.info("No position to go on from: beginning {when}", { when, at, age });
  }
  log.info("Going on at {at}, {age} ago (begin anew: --reset-position)", { at, age });
  if (since !== undefined) log.warn("--since is ignored: there is a saved position");
}
