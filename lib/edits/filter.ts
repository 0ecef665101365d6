import type { Event } from "../upstream/parse/event.ts";
import { domainOf, isBot, namespaceOf, typeOf, wikiOf } from "./event_fields.ts";
import { namespaceName, NAMESPACES, UNKNOWN_NAMESPACE } from "./message/namespaces.ts";
import { matcher } from "./pattern.ts";

/**
 * Which events pass: those that match every list that is given. An entry matches exactly, or with
 * a `*` at its ends anything there.
 */
export interface Filter {
  /** Kinds of recentchange events (`edit`, `new`, `log`, `categorize`), or names of streams. */
  readonly types?: readonly string[] | undefined;
  /** Database names, such as `enwiki`. */
  readonly wikis?: readonly string[] | undefined;
  /** Host names, such as `en.wikipedia.org`. */
  readonly domains?: readonly string[] | undefined;
  /** Numbers or names of namespaces; `unknown` is every number without a name. */
  readonly namespaces?: readonly string[] | undefined;
  /** Whose doing: default `all`. */
  readonly users?: "human" | "bot" | "all";
}

type Test = (event: Event) => boolean;

/**
 * Makes the filter, once. It looks at nothing but what it was asked for, so that an event it drops
 * need not be valid; one that lacks what it was asked for is dropped.
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

/** Whether an entry of a namespace filter can match at all: a number, or a name of the table. */
export function isNamespace(entry: string): boolean {
  return INTEGER.test(entry) ||
    [...NAMESPACES.values(), UNKNOWN_NAMESPACE].some(matcher([entry]));
}

const INTEGER = /^-?\d+$/;

function textTest(read: (event: Event) => string | undefined, patterns: readonly string[]): Test {
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
