import { UserError } from "../../shared/error.ts";
import { reasonByCode } from "./connection.ts";
import { reasonByType } from "./protocol.ts";
import type { Attempt, Reason, Symptom } from "./terms.ts";

export type { Attempt };

/**
 * Says in words what a failure of Kafka means and what to do about it. kafkajs wraps, renames and
 * at times hides the cause; the rules here are from runs of each case against Kafka 4.1.
 *
 * Never tells a secret: of the configuration only addresses and the user's name are used.
 *
 * @returns A `UserError`; what is not Kafka's or the network's fault is returned unchanged.
 */
export function explain(error: unknown, attempt: Attempt): unknown {
  if (error instanceof UserError) return error;
  const chain = symptoms(error);
  const cause = chain.at(-1);
  if (cause === undefined || !chain.some(isFromKafka)) return error;
  const reason = reasonOf(chain, attempt) ??
    { what: cause.message, hint: "More is told with --log-level debug" };
  return new UserError(`Cannot ${attempt.doing}: ${reason.what}`, {
    hint: reason.hint,
    cause: cause.error,
  });
}

/** Kafka's name of the first protocol error in `error`, its causes and its parts, if there is one. */
export function protocolErrorType(error: unknown): string | undefined {
  return symptoms(error).find(({ type }) => type !== undefined)?.type;
}

function reasonOf(chain: readonly Symptom[], attempt: Attempt): Reason | undefined {
  const typed = chain.find(({ type }) => type !== undefined);
  if (typed === undefined) return reasonByCode(chain, attempt);
  // Of several topics, the one that failed need not be the one that the attempt is about.
  const topic = chain.findLast(({ topic }) => topic !== undefined)?.topic;
  return reasonByType(typed, topic === undefined ? attempt : { ...attempt, topic });
}

/** The errors behind an error, from the outside in: causes, and the parts of an aggregate. */
function symptoms(error: unknown, depth = 0): Symptom[] {
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
    ...inner.flatMap((part) => symptoms(part, depth + 1)),
  ];
}

/** The errors of an aggregate, eight at the most: of topics, or of groups that were to be deleted. */
function partsOf(error: Error & { errors?: unknown; groups?: unknown }): unknown[] | undefined {
  if (Array.isArray(error.errors)) return error.errors.slice(0, 8);
  if (Array.isArray(error.groups)) return error.groups.slice(0, 8).map((group) => group?.error);
  return undefined;
}

/** kafkajs also throws plain errors if a connection is gone ("Broker not connected"). */
function isFromKafka({ name, code, message }: Symptom): boolean {
  return name.startsWith("KafkaJS") || name === "UnreadableRecords" || code !== undefined ||
    /^(broker )?not connected/i.test(message);
}
