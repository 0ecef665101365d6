import { parseArgs } from "@std/cli";
import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "../shared/error.ts";
import { quote } from "./quote.ts";

/** An option, declared once: parsing, `--help` and docs/options.md come from it. */
export interface Option<T> {
  /** One or two sentences. The default is added. */
  readonly help: string;
  /** The name of the value in the help, such as `HOST:PORT`. A switch has none. */
  readonly placeholder?: string;
  /** Parses the text. Throws an `Error` whose message describes the expected value. */
  readonly parse: (text: string) => T;
  /** The value if neither the command line nor the environment gives one. */
  readonly default: T;
  /** The description of the default, if the value itself does not explain it. */
  readonly defaultText?: string;
  /** Environment variable that is read if the flag is missing. */
  readonly env?: string;
  /** Other names of the flag, without dashes. */
  readonly alias?: readonly string[];
  /** Allows the flag several times; `parse` gets the values joined by line feeds. */
  readonly repeatable?: boolean;
}

/** Options by name in camelCase; the flag is the same name with hyphens. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** A titled group of options that programs share. */
export interface OptionGroup<O extends Options = Options> {
  /** The heading in `--help`. */
  readonly title: string;
  /** The options, in the order of `--help`. */
  readonly options: O;
}

/** The values of options, by name. */
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

/** The intersection of the members of a union. */
export type Intersection<U> = (U extends unknown ? (u: U) => void : never) extends
  (i: infer I) => void ? I
  : never;

/** The values of all groups of a program. */
export type GroupValues<G extends readonly OptionGroup[]> = Intersection<
  Values<G[number]["options"]>
>;

/**
 * Declares an option with a value. Without a `default` its value is `undefined` if it is missing.
 */
export function option<T>(
  declared: Omit<Option<T>, "default"> & { default: NoInfer<T> },
): Option<T>;
/** Declares an option without a default. */
export function option<T>(declared: Omit<Option<T>, "default">): Option<T | undefined>;
export function option<T>(declared: Omit<Option<T>, "default"> & { default?: T }) {
  return { placeholder: "VALUE", default: undefined, ...declared };
}

/** Declares a switch. `--name=false` turns it off. */
export function flag(help: string): Option<boolean> {
  return { help, default: false, parse: parseBoolean };
}

function parseBoolean(text: string): boolean {
  if (text === "true" || text === "") return true;
  if (text === "false") return false;
  throw new Error("expected no value, 'true' or 'false'");
}

/** Returns the name on the command line, without dashes: `bootstrapServer` → `bootstrap-server`. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Returns whether an option takes a value. A switch does not. */
export function takesValue(option: Option<unknown>): boolean {
  return option.placeholder !== undefined;
}

/**
 * Reads the options of `groups` from the command line and, if a flag is missing, from the
 * environment.
 *
 * @param env Reads one variable. It is called only for names that an option declares.
 * @throws {UsageError} for an unknown flag or argument, and for a missing, repeated or invalid
 * value.
 */
export function parseOptions<const G extends readonly OptionGroup[]>(
  groups: G,
  args: readonly string[],
  env: (name: string) => string | undefined,
): GroupValues<G> & { readonly operands: readonly string[] } {
  const declared = new Map<string, Option<unknown>>();
  for (const { options } of groups) {
    for (const [key, option] of Object.entries(options)) declared.set(key, option);
  }
  const keys = new Map<string, string>();
  for (const [key, option] of declared) {
    for (const name of [flagName(key), ...option.alias ?? []]) keys.set(name, key);
  }
  const operands: string[] = [];
  const parsed = parseArgs(joinValues(args, (name) => declared.get(keys.get(name) ?? "")), {
    string: ["_", ...keys.keys()],
    collect: [...keys.keys()],
    unknown: (argument) => {
      if (argument.startsWith("-")) throw unknownFlag(argument, [...keys.keys()]);
      operands.push(argument);
    },
  });
  if (args.includes("--")) {
    throw new UsageError(`${CANNOT_PARSE}: unexpected argument '--'`, SEE_HELP);
  }
  const values: Record<string, unknown> = { operands };
  for (const [key, option] of declared) {
    const names = [...keys].filter(([, owner]) => owner === key).map(([name]) => name);
    const texts = names.flatMap((name) => (parsed[name] ?? []) as string[]);
    values[key] = valueOf(option, `--${flagName(key)}`, texts, env);
  }
  return values as GroupValues<G> & { operands: string[] };
}

const CANNOT_PARSE = "Cannot parse the command line";

const SEE_HELP = { hint: "See --help for the flags of this program" };

/** Suggests the closest flag if at most a third of its letters differ. */
function unknownFlag(argument: string, known: readonly string[]): UsageError {
  const name = argument.replace(/^-+/, "").replace(/=.*/s, "").slice(0, LONGEST_MISSPELT);
  const nearest = closest(name, known);
  const isNear = distance(name, nearest) <= nearest.length / 3;
  return new UsageError(
    `${CANNOT_PARSE}: unknown flag ${quote(argument)}`,
    isNear ? { hint: `Did you mean --${nearest}? See --help` } : SEE_HELP,
  );
}

/** Maximum number of characters of an unknown flag that are compared with the known ones. */
const LONGEST_MISSPELT = 100;

function valueOf(
  option: Option<unknown>,
  flag: string,
  texts: readonly string[],
  env: (name: string) => string | undefined,
): unknown {
  if (texts.length > 1 && !option.repeatable) {
    throw new UsageError(`Cannot use ${flag} ${texts.length} times: expected one value`);
  }
  if (texts.length > 0) return parseText(option, flag, texts.join("\n"));
  // An empty variable counts as unset, as in most service files and containers.
  const fromEnv = option.env === undefined ? undefined : env(option.env) || undefined;
  if (fromEnv !== undefined) return parseText(option, `${option.env} (environment)`, fromEnv);
  return option.default;
}

function parseText(option: Option<unknown>, source: string, text: string): unknown {
  if (takesValue(option) && text === "") {
    throw new UsageError(
      `Cannot use ${source} without a value: expected ${option.placeholder}`,
      SEE_HELP,
    );
  }
  try {
    return option.parse(text);
  } catch (cause) {
    // Its message does not show the value, which may be secret.
    if (cause instanceof UsageError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Cannot use the value ${quote(text)} for ${source}: ${reason}`);
  }
}

/**
 * Writes `--flag value` as `--flag=value` for flags with a value. A value may then begin with a
 * dash (`--namespace -1`), and a switch never consumes the argument after it.
 */
function joinValues(
  args: readonly string[],
  find: (name: string) => Option<unknown> | undefined,
): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const option = arg.startsWith("--") ? find(arg.slice(2)) : undefined;
    const next = args[i + 1];
    if (option === undefined) joined.push(arg);
    else if (!takesValue(option)) joined.push(`${arg}=true`);
    else if (next === undefined || /^--?[a-z]/i.test(next)) joined.push(`${arg}=`);
    else joined.push(`${arg}=${args[++i]}`);
  }
  return joined;
}
