/** Exit codes of every program; promises to users. */
export const ExitCode = {
  /** Done, or stopped by a signal with the batch in hand published. */
  done: 0,
  /** A failure, also a stop that could not publish the batch in hand in time. */
  failure: 1,
  /** Wrong usage: flags, environment, combinations. */
  usage: 2,
  /** Another producer with this name took over. */
  takenOver: 3,
} as const;

export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/**
 * A failure that is told to the user in words: what was wrong, with which value, and what to do.
 * Everything else that reaches the top of a program is a defect and is shown as such.
 *
 * The message is one sentence without a final period; `hint` says what to do; `details` are lines
 * of somebody else's words, such as the end of a log.
 */
export class UserError extends Error {
  override readonly name: string = "UserError";
  readonly exitCode: ExitCode = ExitCode.failure;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(
    message: string,
    options: { hint?: string | undefined; details?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.details = options.details ?? [];
  }
}

/** Wrong usage: found before anything is opened, exit code 2. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
  override readonly exitCode = ExitCode.usage;
}

/** What to do where Deno denies what `flags`, of `deno run`, would allow. */
export function rightHint(...flags: readonly string[]): string {
  return "A task has the rights for its defaults only. Run its command, which is in deno.json, with a " +
    "list of your own, which replaces the one there: " +
    `deno run -P=… ${flags.map((flag) => `${flag},…`).join(" ")} …`;
}
