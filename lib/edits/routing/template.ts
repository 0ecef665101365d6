/** A fact of the event that a template can contain, at most once. */
export type Placeholder = "type" | "wiki" | "domain";

/** A piece of a template: literal text, or a place for a value. */
export type Part = string | ValuePlace;

/** A place for a value. */
export interface ValuePlace {
  /** The fact whose value goes here. */
  readonly placeholder: Placeholder;
  /** The characters of a value that are escaped here. */
  readonly escaped: RegExp;
}

/**
 * Checks a template such as `wikipedia-{type}`, or a plain topic name, and returns it.
 *
 * @throws {Error} that names what was expected.
 */
export function topicTemplate(text: string): string {
  if (!/^(?:[a-zA-Z0-9._-]|\{(?:type|wiki|domain)\})+$/.test(text)) {
    throw new Error("expected a topic: letters, digits, '.', '_', '-', {type}, {wiki}, {domain}");
  }
  if (fillTemplate(text, () => "").length > MAX_TOPIC_LENGTH || text === "." || text === "..") {
    throw new Error("expected a topic of at most 249 characters, other than '.' and '..'");
  }
  if (/(\{\w+\}).*\1/.test(text)) throw new Error("expected each placeholder at most once");
  if (/\}(?![._-]|[^{]*$)/.test(text)) {
    throw new Error("expected '.', '_' or '-' between two placeholders");
  }
  return text;
}

/** The maximum length of a topic's name, in characters (Kafka's `Topic.MAX_NAME_LENGTH`). */
export const MAX_TOPIC_LENGTH = 249;

/** Returns a checked template with a text in place of each placeholder. */
export function fillTemplate(template: string, textOf: (name: Placeholder) => string): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name) => textOf(name));
}

/** Returns the placeholders of a checked template, in order. */
export function placeholdersOf(template: string): Placeholder[] {
  return templateParts(template).flatMap((part) =>
    typeof part === "string" ? [] : [part.placeholder]
  );
}

/** Returns the pieces of a checked template, in order. */
export function templateParts(template: string): readonly Part[] {
  const pieces = template.split(/(\{\w+\})/).filter((piece) => piece !== "");
  return pieces.map((piece, index) => {
    if (!piece.startsWith("{")) return piece;
    const placeholder = piece.slice(1, -1) as Placeholder;
    const more = pieces.slice(index + 1).some((piece) => piece.startsWith("{"));
    return {
      placeholder,
      escaped: escapedIn(placeholder, more ? pieces[index + 1]!.charAt(0) : ""),
    };
  });
}

/**
 * Characters that stay as they are. Kafka refuses a topic that differs from another one only in `.`
 * for `_`, since the names of its metrics treat both alike. So a wiki keeps its `_`, and a domain
 * keeps its `.`; names of streams keep both.
 */
const KEPT: Readonly<Record<Placeholder, string>> = { type: "._-", wiki: "_-", domain: ".-" };

/**
 * `X` begins an escape. The text that ends a value before a second placeholder is escaped in it.
 */
function escapedIn(placeholder: Placeholder, separator: string): RegExp {
  const taken = separator === "-" ? "-" : separator === "" ? "" : "._";
  const kept = [...KEPT[placeholder]].filter((character) => !taken.includes(character));
  return new RegExp(`[^a-zA-WYZ0-9${kept.map((character) => `\\${character}`).join("")}]`, "g");
}

/**
 * Makes a value legal in a topic's name. Every other character becomes `X` and the four hexadecimal
 * digits of its UTF-16 code unit (`/` is `X002f`), so that no two values have the same text.
 */
export function legalTopicText(value: string, place: ValuePlace): string {
  return value.replace(
    place.escaped,
    (character) => `X${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
