/** What a template of topics may hold, each once. */
export type Placeholder = "type" | "wiki" | "domain";

/** A piece of a template: text as it is, or a place for a value. */
export type Part = string | Place;

/** Where a value goes. */
export interface Place {
  readonly placeholder: Placeholder;
  /** The characters of a value that are escaped here. */
  readonly escaped: RegExp;
}

/**
 * Checks a template such as `wikipedia-{type}`, or a plain name, which is one without placeholders.
 *
 * @throws {Error} that says what was expected.
 */
export function topicTemplate(text: string): string {
  if (!/^(?:[a-zA-Z0-9._-]|\{(?:type|wiki|domain)\})+$/.test(text)) {
    throw new Error("expected a topic: letters, digits, '.', '_', '-', {type}, {wiki}, {domain}");
  }
  const literal = text.replaceAll(/\{\w+\}/g, "");
  if (literal.length > MAX_TOPIC_LENGTH || text === "." || text === "..") {
    throw new Error("expected a topic other than '.' and '..', of 249 characters at the most");
  }
  if (/(\{\w+\}).*\1/.test(text)) throw new Error("expected each placeholder once at the most");
  if (/\}(?![._-]|[^{]*$)/.test(text)) {
    throw new Error("expected '.', '_' or '-' between two placeholders");
  }
  return text;
}

/** The longest name of a topic, in characters (Kafka's `Topic.MAX_NAME_LENGTH`). */
export const MAX_TOPIC_LENGTH = 249;

/** The pieces of a checked template, in order. */
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
 * Kafka refuses a topic that differs from another only by `.` for `_`, which are one in the names
 * of its metrics. So a wiki keeps the `_` of its own, a domain the `.`; names of streams have both.
 */
const KEPT: Readonly<Record<Placeholder, string>> = { type: "._-", wiki: "_-", domain: ".-" };

/** `X` begins an escape; what ends the value before a second placeholder must not occur in it. */
function escapedIn(placeholder: Placeholder, separator: string): RegExp {
  const taken = separator === "-" ? "-" : separator === "" ? "" : "._";
  const kept = [...KEPT[placeholder]].filter((character) => !taken.includes(character));
  return new RegExp(`[^a-zA-WYZ0-9${kept.map((character) => `\\${character}`).join("")}]`, "g");
}

/**
 * A value made legal in a topic's name. Every other character becomes `X` and the four hexadecimal
 * digits of its UTF-16 code unit (`/` is `X002f`), so that no two values give the same text.
 */
export function topicText(value: string, place: Place): string {
  return value.replace(
    place.escaped,
    (character) => `X${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
