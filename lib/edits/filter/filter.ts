import {
  domainOf,
  type EventFields,
  isBot,
  namespaceOf,
  typeOf,
  wikiOf,
} from "../event/event_fields.ts";
import { namespaceName, NAMESPACES, UNKNOWN_NAMESPACE } from "../event/namespaces.ts";
import { matcher } from "./pattern.ts";

/**
 * The events to keep: those that match every list given. An entry matches exactly; a `*` at either
 * end of it matches any text there.
 */
export interface Filter {
  /** Kinds of recentchange events (`edit`, `new`, `log`, `categorize`), or names of streams. */
  readonly types?: readonly string[] | undefined;
  /** Database names, such as `enwiki`. */
  readonly wikis?: readonly string[] | undefined;
  /** Host names, such as `en.wikipedia.org`. */
  readonly domains?: readonly string[] | undefined;
  /** Numbers or names of namespaces; `unknown` matches every number without a name. */
  readonly namespaces?: readonly string[] | undefined;
  /** The kind of user. Default: `all`. */
  readonly users?: "human" | "bot" | "all";
}

/** The facts that the lists of a filter are about. */
export const READERS: { readonly [N in keyof Filter]-?: (event: EventFields) => unknown } = {
  types: typeOf,
  wikis: wikiOf,
  domains: domainOf,
  namespaces: namespaceOf,
  users: isBot,
};

type Test = (event: EventFields) => boolean;

/**
 * Builds the filter once. It reads only the fields of the lists given, so an event that it drops
 * need not be valid. An event that lacks such a field is dropped.
 */
export function buildFilter(filter: Filter): Test {
  const tests: Test[] = [];
  if (filter.types !== undefined) tests.push(textTest(typeOf, filter.types));
  if (filter.wikis !== undefined) tests.push(textTest(wikiOf, filter.wikis));
  if (filter.domains !== undefined) tests.push(textTest(domainOf, filter.domains));
  if (filter.namespaces !== undefined) tests.push(namespaceTest(filter.namespaces));
  if (filter.users === "human") tests.push((event) => isBot(event) === false);
  if (filter.users === "bot") tests.push((event) => isBot(event) === true);
  return (event) => {
    for (const passes of tests) if (!passes(event)) return false;
    return true;
  };
}

/** Returns whether an entry of a namespace filter can match at all: a number or a known name. */
export function isNamespace(entry: string): boolean {
  return INTEGER.test(entry) ||
    [...NAMESPACES.values(), UNKNOWN_NAMESPACE].some(matcher([entry]));
}

const INTEGER = /^-?\d+$/;

function textTest(
  read: (event: EventFields) => string | undefined,
  patterns: readonly string[],
): Test {
  const matches = matcher(patterns);
  return (event) => {
    const text = read(event);
    return text !== undefined && matches(text);
  };
}

function namespaceTest(entries: readonly string[]): Test {
  const numbers = new Set(entries.filter((entry) => INTEGER.test(entry)).map(Number));
  const named = matcher(entries.filter((entry) => !INTEGER.test(entry)));
  return (event) => {
    const number = namespaceOf(event);
    return number !== undefined && (numbers.has(number) || named(namespaceName(number)));
  };
}
