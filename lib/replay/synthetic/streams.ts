import { canaryOf } from "./bodies.ts";
import { pageChangeBody, pageCreateBody } from "./page_bodies.ts";
import { hash } from "../random.ts";
import { Salt } from "./salt.ts";
import { compile, type Template } from "./template.ts";
import { type Choice, templates } from "./templates.ts";

/** The streams that can be invented, by their names in `/v2/stream/…`. */
export type StreamName = "recentchange" | "page-create" | "mediawiki.page_change.v1";

/** The templates and topics of a stream. */
export interface Stream {
  /** The name of its topics without the data center. */
  readonly topic: string;
  /** The template of its canaries. */
  readonly canary: Template;
  /** Returns the function that chooses an event's template. */
  readonly choices: (seed: number) => (index: number, old: boolean) => Choice;
  /** The number of its events per event of recentchange. */
  readonly share: number;
}

const REVISION_CREATE = "/mediawiki/revision/create/2.0.0";
const PAGE_CHANGE = "/mediawiki/page/change/1.2.0";

/** The streams by name. */
export const STREAMS: Readonly<Record<StreamName, Stream>> = {
  recentchange: stream("mediawiki.recentchange", "/mediawiki/recentchange/1.0.0", templates, 1),
  "page-create": stream("mediawiki.page-create", REVISION_CREATE, pool(pageCreateBody), 0.05),
  "mediawiki.page_change.v1": stream(
    "mediawiki.page_change.v1",
    PAGE_CHANGE,
    pool(pageChangeBody),
    0.4,
  ),
};

function stream(
  topic: string,
  schema: string,
  choices: Stream["choices"],
  share: number,
): Stream {
  return { topic, canary: compile(canaryOf(schema, topic)), choices, share };
}

/** The number of templates of a stream; each is created at its first use, and kept. */
const TEMPLATES = 512;

function pool(
  makeBody: (seed: number, number: number) => Readonly<Record<string, unknown>>,
): Stream["choices"] {
  return (seed) => {
    const made: Choice[] = [];
    return (index) => {
      const number = hash(seed, Salt.template, index) % TEMPLATES;
      return made[number] ??= { template: compile(makeBody(seed, number)), ids: 0 };
    };
  };
}
