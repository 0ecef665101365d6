import { UserError } from "../../shared/error.ts";
import { reasonByCode } from "./connection.ts";
import { reasonByType } from "./protocol.ts";
import type { Attempt, ErrorFacts, Reason } from "./terms.ts";

/**
 * Explains a failure of Kafka, with a hint. kafkajs wraps, renames and sometimes hides the cause.
 * The rules here come from runs of each case against Kafka 4.1.
 *
 * Reveals no secret: it uses only addresses and the user's name from the configuration.
 *
 * @returns A `UserError`; an error that is neither Kafka's nor the network's is returned unchanged.
 */
export function explain(error: unknown, attempt: Attempt): unknown {
  if (error instanceof UserError) return error;
  const chain = errorFacts(error);
  const cause = chain.at(-1);
  if (cause === undefined || !chain.some(isFromKafka)) return error;
  const reason = reasonOf(chain, attempt) ??
    { what: cause.message, hint: "Run with --log-level debug for details" };
  return new UserError(`Cannot ${attempt.action}: ${reason.what}`, {
    hint: reason.hint,
    cause: cause.error,
  });
}

/**
 * Returns Kafka's name of the first protocol error in `error`, its causes and its parts;
 * `undefined` if there is none.
 */
export function protocolErrorType(error: unknown): string | undefined {
  return errorFacts(error).find(({ type }) => type !== undefined)?.type;
}

function reasonOf(chain: readonly ErrorFacts[], attempt: Attempt): Reason | undefined {
  const typed = chain.find(({ type }) => type !== undefined);
  if (typed === undefined) return reasonByCode(chain, attempt);
  // If there are several topics, the attempt may name another one than the one that failed.
  const topic = chain.findLast(({ topic }) => topic !== undefined)?.topic;
  return reasonByType(typed, topic === undefined ? attempt : { ...attempt, topic });
}

/** Lists an error, its causes and the parts of an aggregate, from the outside in. */
function errorFacts(error: unknown, depth = 0): ErrorFacts[] {
  if (!(error instanceof Error) || depth > 8) return [];
  const { name, message, type, topic, code, broker } = error as Error & Record<string, unknown>;
  const inner = partsOf(error) ?? [error.cause];
  return [
    {
      error,
      name,
      message,
      type: typeof type === "string" ? type : undefined,
      topic: typeof topic === "string" ? topic : undefined,
      code: typeof code === "string" ? code : undefined,
      broker: typeof broker === "string" ? broker : undefined,
    },
    ...inner.flatMap((part) => errorFacts(part, depth + 1)),
  ];
}

/** Returns at most 8 errors of an aggregate: of topics, or of groups that could not be deleted. */
function partsOf(error: Error & { errors?: unknown; groups?: unknown }): unknown[] | undefined {
  if (Array.isArray(error.errors)) return error.errors.slice(0, 8);
  if (Array.isArray(error.groups)) return error.groups.slice(0, 8).map((group) => group?.error);
  return undefined;
}

/** kafkajs also throws plain errors if a connection is gone ("Broker not connected"). */
function isFromKafka({ name, code, message }: ErrorFacts): boolean {
  return name.startsWith("KafkaJS") || name === "UnreadableRecords" || code !== undefined ||
    /^(broker )?not connected/i.test(message);
}
