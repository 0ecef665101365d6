import type { AvroPayload } from "../../edits/message/avro.ts";
import { avroName } from "../../edits/message/avro_schema.ts";
import type { Payload } from "../../edits/message/encoder.ts";
import { parseField } from "../../edits/message/fields.ts";
import { isNamespace } from "../../edits/filter/filter.ts";
import { NAMESPACES, UNKNOWN_NAMESPACE } from "../../edits/event/namespaces.ts";
import type { EditsOptions } from "../../edits/transform.ts";
import { isWildcard, matcher } from "../../edits/filter/pattern.ts";
import { UsageError } from "../../shared/error.ts";
import { type ChoiceOption, RECORD_OPTIONS } from "../../produce/record_options.ts";
import { option, type OptionGroup, type Values } from "../option.ts";
import { listOf, oneOf } from "../values.ts";

/** Declares an option that accepts a few fixed values. */
function choice<N extends ChoiceOption>(name: N, declared: { placeholder: string; help: string }) {
  const values: readonly Choice<N>[] = RECORD_OPTIONS[name].values;
  return option({ ...declared, parse: oneOf(...values), default: values[0]! });
}

type Choice<N extends ChoiceOption> = typeof RECORD_OPTIONS[N]["values"][number];

/** Options that select events. */
export const filterOptions = {
  title: "Filters (values match exactly; '*' at either end is a wildcard)",
  options: {
    types: option({
      placeholder: "TYPE[,…]",
      help: "Types of changes: edit, new, log, categorize. For other streams: their names.",
      parse: listOf(pattern),
      defaultText: "edit; all for streams other than recentchange",
    }),
    wiki: option({
      placeholder: "NAME[,…]",
      help: "Wikis by database name: enwiki, '*wiktionary'.",
      parse: listOf(wiki),
      defaultText: "all",
    }),
    domain: option({
      placeholder: "HOST[,…]",
      help: "Wikis by domain: en.wikipedia.org, '*.wikipedia.org'.",
      parse: listOf(domain),
      defaultText: "all",
    }),
    namespace: option({
      placeholder: "NAMESPACE[,…]",
      help: "Namespaces by number or name: 0, 'User Talk', '*Talk'.",
      parse: listOf(namespace),
      defaultText: "all",
    }),
    users: choice("users", { placeholder: "WHO", help: "User type: human, bot or all." }),
  },
} satisfies OptionGroup;

/** Options for the form of records. */
export const recordOptions = {
  title: "Records",
  options: {
    key: choice("key", {
      placeholder: "KEY",
      help:
        "Record key. Records with the same key stay in order, in one partition: page, domain or user. none: no key.",
    }),
    payload: choice("payload", {
      placeholder: "FORM",
      help: "edit: nine fields. event: the upstream JSON, byte for byte.",
    }),
    fields: option({
      placeholder: "PATH[=NAME],…",
      help:
        "Fields of the upstream event instead of the nine: title,wiki,length.new=size. A field that an event lacks is null.",
      parse: listOf(parseField),
    }),
    format: choice("format", {
      placeholder: "FORMAT",
      help: "json or avro. Avro needs --schema-registry; the subject is <topic>-value.",
    }),
    headers: choice("headers", {
      placeholder: "HEADERS",
      help: "none, or cloudevents: headers of the CloudEvents 1.0 Kafka binding, binary mode.",
    }),
  },
} satisfies OptionGroup;

/** The parsed values of the filter and record options. */
export type EventValues =
  & Values<typeof filterOptions.options>
  & Values<typeof recordOptions.options>;

/** The source and the destination of events. */
export interface Ends {
  /** A topic, or a validated template of topics. */
  readonly topic: string;
  /** The URL of the stream. */
  readonly streamUrl: URL;
}

/** How events become records, and the payload for Avro. */
export interface RecordPlan extends EditsOptions {
  /** The payload, if records are written in Avro. */
  readonly avro: AvroPayload | undefined;
}

/**
 * Returns the filter and the form of records that the options describe.
 *
 * @throws {UsageError} if options contradict each other or name no type of the stream's events.
 */
export function editsOptions(values: EventValues, { topic, streamUrl }: Ends): RecordPlan {
  const streams = streamNames(streamUrl);
  const others = streams.filter((name) => !RECENTCHANGE.test(name));
  const payload = payloadOf(values);
  const avro = values.format === "avro" ? avroPayload(payload) : undefined;
  if (others.length > 0 && payload === "edit") {
    throw new UsageError(`Cannot use --payload edit: the stream '${others[0]}' has no edits`, {
      hint: "Use --payload event, or select --fields",
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
  return { topic, filter, key: values.key, payload, headers: values.headers, avro };
}

/** Returns whether the URL includes recentchange, which is never silent for long. */
export function isRecentChange(url: URL): boolean {
  return streamNames(url).some((name) => RECENTCHANGE.test(name)) ||
    url.pathname.endsWith("/recentchange");
}

const RECENTCHANGE = /^(?:mediawiki\.)?recentchange$/;

/**
 * Returns the streams of a URL: the last part of its path, or none if the path has another form.
 */
function streamNames(url: URL): readonly string[] {
  const [, names] = /\/v2\/stream\/([^/]+)$/.exec(url.pathname) ?? [];
  return names?.split(/,|%2C/i) ?? [];
}

function payloadOf({ payload, fields }: EventValues): Payload {
  if (fields === undefined) return payload;
  if (payload === "event") {
    throw new UsageError("Cannot combine --fields and --payload event", {
      hint: "Omit one of them: --payload event publishes the upstream event with all its fields",
    });
  }
  const twice = repeated(fields.map(({ name }) => name));
  if (twice !== undefined) {
    throw new UsageError(`Cannot use --fields: the name '${twice}' appears twice`);
  }
  return { fields };
}

/**
 * Returns the payload if Avro can hold it.
 *
 * @throws {UsageError} for `--payload event`, and for field names that are equal in Avro.
 */
function avroPayload(payload: Payload): AvroPayload {
  if (payload === "event") {
    throw new UsageError("Cannot combine --format avro and --payload event", {
      hint: "Select --fields for Avro: --payload event publishes the upstream JSON unchanged",
    });
  }
  if (payload === "edit") return payload;
  const twice = repeated(payload.fields.map(({ name }) => avroName(name)));
  if (twice === undefined) return payload;
  throw new UsageError(`Cannot use --fields: two names are '${twice}' in Avro`, {
    hint: "Rename one of them: Avro names consist of letters, digits and '_'",
  });
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) < index);
}

/** The types of recentchange events. Extensions use numbers (upstream schema, `type`). */
const TYPES = ["edit", "new", "log", "categorize", "external"];

/**
 * Returns a type as events name it: a type of recentchange, or the full name of a stream, which may
 * be written as in the URL.
 */
function knownType(type: string, kinds: readonly string[], streams: readonly string[]): string {
  const full = streams.map((name) => name.replace(/^(?!mediawiki\.)/, "mediawiki."));
  if (streams.includes(type)) return full[streams.indexOf(type)]!;
  const isKind = kinds.length > 0 && /^\d+\*?$/.test(type);
  if (isKind || [...kinds, ...full].some(matcher([type]))) return type;
  throw new UsageError(`Cannot select the change type '${type}': it is unknown`, {
    hint: `Use one of ${[...kinds, ...streams].join(", ")}${
      kinds.length > 0 ? ", or a number" : ""
    }`,
  });
}

/** Parses a value of a filter. A `*` at either end matches any text. */
export function pattern(text: string): string {
  if (text.slice(1, -1).includes("*")) throw new Error("expected '*' only at the beginning or end");
  return text;
}

/**
 * Parses a wiki's database name. It is easily confused with the wiki's domain, which would select
 * nothing.
 */
export function wiki(text: string): string {
  if (text.includes(".")) throw new Error("expected a name such as enwiki, not a domain");
  return pattern(text);
}

/** Parses a wiki's domain. */
export function domain(text: string): string {
  if (!text.includes(".") && !isWildcard(text)) {
    throw new Error("expected a domain such as en.wikipedia.org");
  }
  return pattern(text);
}

/** Parses the number or the name of a namespace. */
export function namespace(text: string): string {
  if (isNamespace(pattern(text))) return text;
  const names = [...NAMESPACES.values(), UNKNOWN_NAMESPACE];
  const close = names.find((name) => name.toLowerCase() === text.toLowerCase());
  throw new Error(
    close === undefined || isWildcard(text)
      ? `expected a number or a name such as 'main namespace', 'Talk' or 'User Talk'`
      : `expected '${close}'`,
  );
}
