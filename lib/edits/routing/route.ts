import { detached } from "../../shared/detached.ts";
import { UsageError } from "../../shared/error.ts";
import { type Event, RejectedEvent } from "../../upstream/parse/event.ts";
import { domainOf, typeOf, wikiOf } from "../event/event_fields.ts";
import type { Filter } from "../filter/filter.ts";
import { isWildcard } from "../filter/pattern.ts";
import {
  legalTopicText,
  MAX_TOPIC_LENGTH,
  type Placeholder,
  placeholdersOf,
  templateParts,
  type ValuePlace,
} from "./template.ts";

/** The maximum number of topics of one template. */
const MAX_TOPICS = 1000;

const READERS: Readonly<Record<Placeholder, (event: Event) => string | undefined>> = {
  type: typeOf,
  wiki: wikiOf,
  domain: domainOf,
};

/**
 * Returns a function that chooses an event's topic by a checked template (see `topicTemplate`). Two
 * events share a topic only if all their values in the template are equal.
 *
 * The function throws `RejectedEvent` if the event lacks a value, if the name is illegal or one of
 * Kafka's own (`__…`), or if it would be one topic more than {@linkcode MAX_TOPICS}.
 */
export function topicSelector(template: string): (event: Event) => string {
  const parts = templateParts(template);
  if (parts.every((part) => typeof part === "string")) return () => template;
  /** Copies, since a text from an event would keep its whole chunk in memory. */
  const known = new Map<string, string>();
  return (event) => {
    let topic = "";
    for (const part of parts) topic += typeof part === "string" ? part : valueText(event, part);
    let copy = known.get(topic);
    if (copy === undefined) {
      if (!isLegal(topic)) throw new RejectedEvent("illegal topic name");
      if (known.size >= MAX_TOPICS) throw new RejectedEvent(`more than ${MAX_TOPICS} topics`);
      copy = detached(topic);
      known.set(copy, copy);
    }
    return copy;
  };
}

function valueText(event: Event, place: ValuePlace): string {
  const value = READERS[place.placeholder](event);
  if (value === undefined || value === "") {
    throw new RejectedEvent(`wrong shape: ${place.placeholder}`);
  }
  if (value.length > MAX_TOPIC_LENGTH) throw new RejectedEvent("illegal topic name");
  return legalTopicText(value, place);
}

function isLegal(topic: string): boolean {
  return topic.length <= MAX_TOPIC_LENGTH && topic !== "." && topic !== ".." &&
    !topic.startsWith("__");
}

/**
 * Returns the topics of a template under a filter, if they are known before the first event: each
 * placeholder needs a list without wildcards. Returns `undefined` otherwise, and for both `{wiki}`
 * and `{domain}`, since most pairs of the two do not exist.
 *
 * @throws {UsageError} if there are more than {@linkcode MAX_TOPICS}, or if a name is illegal.
 */
export function knownTopics(template: string, filter: Filter): readonly string[] | undefined {
  const placeholders = placeholdersOf(template);
  if (placeholders.includes("wiki") && placeholders.includes("domain")) return undefined;
  let topics = [""];
  for (const part of templateParts(template)) {
    const texts = typeof part === "string" ? [part] : knownTexts(part, filter);
    if (texts === undefined) return undefined;
    if (topics.length * texts.length > MAX_TOPICS) {
      throw new UsageError(
        `Cannot use the topic '${template}': it stands for more than ${MAX_TOPICS} topics`,
      );
    }
    topics = topics.flatMap((topic) => texts.map((text) => topic + text));
  }
  const illegal = topics.find((topic) => !isLegal(topic));
  if (illegal === undefined) return topics;
  throw new UsageError(
    `Cannot use the topic '${template}': it stands for '${illegal}', expected a legal topic name`,
  );
}

function knownTexts(place: ValuePlace, filter: Filter): readonly string[] | undefined {
  const lists = { type: filter.types, wiki: filter.wikis, domain: filter.domains };
  const values = lists[place.placeholder];
  if (values === undefined || values.some(isWildcard)) return undefined;
  return values.map((value) => legalTopicText(value, place));
}
