/** Exit codes of every program. They are part of the command-line contract. */
export const ExitCode = {
  /** Done, or stopped by a signal with the pending batch published. */
  done: 0,
  /** A failure, or a stop that could not publish the pending batch in time. */
  failure: 1,
  /** Wrong usage: flags, environment, combinations. */
  usage: 2,
  /** Another producer with this name took over. */
  takenOver: 3,
} as const;

/** An exit code of a program. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** An error that is named after its class. */
export class NamedError extends Error {
  /** The name of the class. */
  override readonly name: string = this.constructor.name;
}

/**
 * A failure that the user can act on. Any other error that reaches the top of a program is a defect
 * and is reported as one.
 *
 * The message is one sentence without a final period, and names the wrong value. `hint` is one
 * imperative sentence. `details` are lines of another program, such as the end of its log.
 */
export class UserError extends NamedError {
  /** The exit code of a program that ends with this error. */
  readonly exitCode: ExitCode = ExitCode.failure;
  /** One imperative sentence for the user. */
  readonly hint: string | undefined;
  /** Lines of another program, such as the end of its log. */
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

/** Wrong usage, found before anything is opened. Exit code 2. */
export class UsageError extends UserError {
  /** The exit code 2. */
  override readonly exitCode = ExitCode.usage;
}

/** The maximum number of errors of a chain that are read. */
const MAX_CHAIN = 10;

/** Returns an error and its causes, at most ten, the outermost first. */
export function errorChain(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let e = error; e instanceof Error && chain.length < MAX_CHAIN; e = e.cause) chain.push(e);
  return chain;
}

/** Returns the hint for a permission that Deno denies: how to run a program with `flags`. */
export function permissionHint(...flags: readonly string[]): string {
  const lists = flags.map((flag) => `${flag},…`).join(" ");
  return "Tasks may access only this machine and their default files. Run the task's command from " +
    `deno.json with lists of your own, which replace the task's: deno run -P=… ${lists} …`;
}

/**
 * Returns the `host:port` that Deno denied; after a redirect it is not the one of the request.
 * `undefined` if the error names none.
 */
export function deniedHost({ message }: Deno.errors.NotCapable): string | undefined {
  return /net access to "([^"]+)"/.exec(message)?.[1];
}
