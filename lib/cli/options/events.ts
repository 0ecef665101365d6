import type { AvroPayload } from "../../edits/message/avro.ts";
import { avroName } from "../../edits/message/avro_schema.ts";
import type { Payload } from "../../edits/message/encoder.ts";
import { parseField } from "../../edits/message/fields.ts";
import { isNamespace } from "../../edits/filter.ts";
import { NAMESPACES, UNKNOWN_NAMESPACE } from "../../edits/message/namespaces.ts";
import type { EditsOptions } from "../../edits/outgoing.ts";
import { isWildcard, matcher } from "../../edits/pattern.ts";
import { knownTopics } from "../../edits/routing/route.ts";
import { UsageError } from "../../shared/error.ts";
import { option, type OptionGroup, type Values } from "../option.ts";
import { listOf, oneOf } from "../values.ts";

/** Which events become records. */
export const filterOptions = {
  title: "Filters (values match exactly, a '*' at an end is a wildcard)",
  options: {
    types: option({
      placeholder: "TYPE[,…]",
      help: "Kinds of changes: edit, new, log, categorize. In other streams: names of streams.",
      parse: listOf(pattern),
      defaultText: "edit; all in other streams than recentchange",
    }),
    wiki: option({
      placeholder: "NAME[,…]",
      help: "Wikis by the names of their databases: enwiki, '*wiktionary'.",
      parse: listOf(wiki),
      defaultText: "all",
    }),
    domain: option({
      placeholder: "HOST[,…]",
      help: "Wikis by their domains: en.wikipedia.org, '*.wikipedia.org'.",
      parse: listOf(domain),
      defaultText: "all",
    }),
    namespace: option({
      placeholder: "NAMESPACE[,…]",
      help: "Namespaces by number or by name: 0, 'User Talk', '*Talk'.",
      parse: listOf(namespace),
      defaultText: "all",
    }),
    users: option({
      placeholder: "WHO",
      help: "Whose changes: human, bot or all.",
      parse: oneOf("human", "bot", "all"),
      default: "all",
    }),
  },
} satisfies OptionGroup;

/** What the records are like. */
export const recordOptions = {
  title: "Records",
  options: {
    key: option({
      placeholder: "KEY",
      help:
        "What stays together in one partition, in order: page, domain or user; or none, for any partition.",
      parse: oneOf("page", "domain", "user", "none"),
      default: "page",
    }),
    payload: option({
      placeholder: "FORM",
      help: "edit: the nine fields; event: the upstream JSON, byte for byte.",
      parse: oneOf("edit", "event"),
      default: "edit",
    }),
    fields: option({
      placeholder: "PATH[=NAME],…",
      help:
        "A message of your own in place of the nine fields, from the upstream event: title,wiki,length.new=size. What an event lacks is null.",
      parse: listOf(parseField),
    }),
    format: option({
      placeholder: "FORMAT",
      help: "json, or avro: with the schema registered in --schema-registry as <topic>-value.",
      parse: oneOf("json", "avro"),
      default: "json",
    }),
    headers: option({
      placeholder: "HEADERS",
      help: "none, or cloudevents: those of the CloudEvents 1.0 Kafka binding, binary mode.",
      parse: oneOf("none", "cloudevents"),
      default: "none",
    }),
  },
} satisfies OptionGroup;

/** The values of both groups. */
export type EventValues =
  & Values<typeof filterOptions.options>
  & Values<typeof recordOptions.options>;

/** Where the events come from, and where they are to go. */
interface Ends {
  /** A topic, or a checked template of topics. */
  readonly topic: string;
  /** The address of the stream. */
  readonly streamUrl: URL;
}

/**
 * What becomes of events, as the flags say.
 *
 * @throws {UsageError} for combinations that contradict each other or let nothing through.
 */
export function eventOptions(values: EventValues, { topic, streamUrl }: Ends): EditsOptions {
  const streams = streamNames(streamUrl);
  const others = streams.filter((name) => !RECENTCHANGE.test(name));
  const payload = payloadOf(values);
  if (values.format === "avro") avroPayload(payload);
  if (others.length > 0 && payload === "edit") {
    throw new UsageError(`The stream '${others[0]}' has no edits to make the nine fields of`, {
      hint: "Give --payload event, or name the --fields you want",
    });
  }
  const kinds = others.length === streams.length && streams.length > 0 ? [] : TYPES;
  const filter = {
    types: values.types?.map((type) => knownType(type, kinds, others)) ??
      (others.length > 0 ? undefined : ["edit"]),
    wikis: values.wiki,
    domains: values.domain,
    namespaces: values.namespace,
    users: values.users,
  };
  knownTopics(topic, filter); // refuses impossible ones before anything is opened
  return { topic, filter, key: values.key, payload, headers: values.headers };
}

/** Whether the stream is that of all changes, also beside others: it is never silent for long. */
export function isRecentChange(url: URL): boolean {
  return streamNames(url).some((name) => RECENTCHANGE.test(name)) ||
    url.pathname.endsWith("/recentchange");
}

const RECENTCHANGE = /^(?:mediawiki\.)?recentchange$/;

/** The streams that an address names: the last part of its path, none where it has another form. */
function streamNames(url: URL): readonly string[] {
  const [, names] = /\/v2\/stream\/([^/]+)$/.exec(url.pathname) ?? [];
  return names?.split(/,|%2C/i) ?? [];
}

function payloadOf({ payload, fields }: EventValues): Payload {
  if (fields === undefined) return payload;
  if (payload === "event") {
    throw new UsageError("--fields and --payload event exclude each other", {
      hint: "--payload event passes the upstream event on as it is, with all its fields",
    });
  }
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new UsageError(`--fields has the name '${twice}' twice`);
  return { fields };
}

/**
 * A payload that Avro can hold.
 *
 * @throws {UsageError} for the upstream event as it is, and for names that are the same in Avro.
 */
export function avroPayload(payload: Payload): AvroPayload {
  if (payload === "event") {
    throw new UsageError("--format avro and --payload event exclude each other", {
      hint: "--payload event passes on JSON as it is; name the --fields you want, as Avro",
    });
  }
  if (payload === "edit") return payload;
  const names = payload.fields.map(({ name }) => avroName(name));
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return payload;
  throw new UsageError(`--fields has two names that are '${twice}' in Avro`, {
    hint: "Avro's names are of letters, digits and '_': give one of the two another name",
  });
}

/** The kinds of recentchange events; a kind of an extension is a number (schema, `type`). */
const TYPES = ["edit", "new", "log", "categorize", "external"];

/**
 * A type as events have it: a kind of recentchange, where that is read, or the name of a stream,
 * which may be written as in the address.
 */
function knownType(type: string, kinds: readonly string[], streams: readonly string[]): string {
  const full = streams.map((name) => name.replace(/^(?!mediawiki\.)/, "mediawiki."));
  if (streams.includes(type)) return full[streams.indexOf(type)]!;
  const isKind = kinds.length > 0 && /^\d+\*?$/.test(type);
  if (isKind || [...kinds, ...full].some(matcher([type]))) return type;
  throw new UsageError(`No change is of the type '${type}'`, {
    hint: `Types are ${[...kinds, ...streams].join(", ")}${
      kinds.length > 0 ? ", or a number" : ""
    }`,
  });
}

function pattern(text: string): string {
  if (text.slice(1, -1).includes("*")) throw new Error("expected '*' at the ends only");
  return text;
}

/** The two ways to name a wiki are easily taken for each other, and would let nothing through. */
function wiki(text: string): string {
  if (text.includes(".")) throw new Error("expected a name such as enwiki, not a domain");
  return pattern(text);
}

function domain(text: string): string {
  if (!text.includes(".") && !isWildcard(text)) {
    throw new Error("expected a domain such as en.wikipedia.org");
  }
  return pattern(text);
}

function namespace(text: string): string {
  if (isNamespace(pattern(text))) return text;
  const names = [...NAMESPACES.values(), UNKNOWN_NAMESPACE];
  const close = names.find((name) => name.toLowerCase() === text.toLowerCase());
  throw new Error(
    close === undefined || isWildcard(text)
      ? `expected a number or a name such as 'main namespace', 'Talk' or 'User Talk'`
      : `expected '${close}'`,
  );
}
