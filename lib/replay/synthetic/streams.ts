import { canaryOf } from "./bodies.ts";
import { pageChangeBody, pageCreateBody } from "./page_bodies.ts";
import { hash } from "../random.ts";
import { Salt } from "./salt.ts";
import { compile, type Template } from "./template.ts";
import { type Choice, templates } from "./templates.ts";

/** The streams that are invented, as `/v2/stream/…` names them. */
export type StreamName = "recentchange" | "page-create" | "mediawiki.page_change.v1";

/** The templates and topics of a stream. */
export interface Stream {
  /** The name of its topics, after that of the data center. */
  readonly topic: string;
  readonly canary: Template;
  /** Makes what chooses an event's template. */
  readonly choices: (seed: number) => (index: number, old: boolean) => Choice;
  /** How many events it has for each of recentchange. */
  readonly share: number;
}

const REVISION_CREATE = "/mediawiki/revision/create/2.0.0";
const PAGE_CHANGE = "/mediawiki/page/change/1.2.0";

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
