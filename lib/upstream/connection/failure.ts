import { errorChain, NamedError, UserError } from "../../shared/error.ts";

/**
 * The consequence of a failure:
 *
 * - `retry`: it is temporary, so the stream retries, even before the first event;
 * - `retry once readable`: before the stream was ever readable, it is a mistake in the settings and
 *   ends the start. After that the settings are known to be right, and the stream retries;
 * - `stop`: the service asks not to be called again.
 */
export type Rule = "retry" | "retry once readable" | "stop";

/** Every cause, as in the label of a metric, and its rule. */
const RULES = {
  end: "retry",
  cut: "retry",
  idle: "retry",
  error_event: "retry",
  gap: "retry",
  released: "retry",
  unreachable: "retry",
  http_429: "retry",
  http_5xx: "retry",
  http_3xx: "retry once readable",
  http_404: "retry once readable",
  http_4xx: "retry once readable",
  certificate: "retry once readable",
  not_permitted: "retry once readable",
  not_event_stream: "retry once readable",
  content_encoding: "retry once readable",
  http_204: "stop",
  http_400: "stop",
} as const satisfies Record<string, Rule>;

/** Why a connection could not be opened, or ended. */
export type Cause = keyof typeof RULES;

/** The causes after which the stream reconnects. */
export const CAUSES: readonly Cause[] = (Object.keys(RULES) as Cause[])
  .filter((cause) => RULES[cause] !== "stop");

/** The error if a connection could not be opened. The rule of its cause decides about a retry. */
export class StreamUnavailable extends NamedError {
  /** The hint for the user. */
  readonly hint: string | undefined;
  /** The wait that the service asks for, in ms; at most 5 minutes. */
  readonly retryAfter: number | undefined;

  /** @param reason The cause, for counting. */
  constructor(
    readonly reason: Cause,
    message: string,
    { hint, retryAfter, cause }: {
      readonly hint?: string | undefined;
      readonly retryAfter?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
    this.retryAfter = retryAfter;
  }

  /** Whether this ends the stream. */
  isFinal({ wasReadable }: { readonly wasReadable: boolean }): boolean {
    const rule: Rule = RULES[this.reason];
    return rule === "stop" || (rule === "retry once readable" && !wasReadable);
  }
}

/** The error if the stream cannot be read, and a retry would not help. */
export class UpstreamRefused extends UserError {
  /** Turns a failure into the error that ends the stream. */
  static from({ message, hint, cause }: StreamUnavailable): UpstreamRefused {
    return new UpstreamRefused(message, { hint, cause });
  }
}

/** Describes an error with its causes, without the words that Deno's `fetch` adds. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = errorChain(error).map(({ message }) => message)
    .filter((message) => message !== "fetch failed")
    .map((message) => message.replace(/^error sending request (?:for url \(|from ).*?\): /, ""));
  return parts.slice(0, 5).join(": ") || error.message;
}
