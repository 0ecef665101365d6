import { type Kind, makeBody, oldEnvelope } from "./bodies.ts";
import { fraction, hash } from "../random.ts";
import { Salt } from "./salt.ts";
import { compile, type Template } from "./template.ts";

/** How often each kind occurs (cumulative), and the share of it that bots make. */
const KINDS: readonly { readonly kind: Kind; readonly upTo: number; readonly bots: number }[] = [
  { kind: "categorize", upTo: 0.51, bots: 0.45 },
  { kind: "edit", upTo: 0.89, bots: 0.49 },
  { kind: "log", upTo: 0.949, bots: 0.24 },
  { kind: "142", upTo: 0.95, bots: 0 },
  { kind: "new", upTo: 1, bots: 0.18 },
];

/** The number of templates of each kind, by bots and by others. */
const TEMPLATES = 512;

/** The template of an event, and its share of ids. */
export interface Choice {
  /** The template. */
  readonly template: Template;
  /** The first id of its wiki. */
  readonly ids: number;
}

/**
 * Returns a function that chooses an event's template. Templates are made when first chosen, and
 * kept.
 */
export function templates(seed: number): (index: number, old: boolean) => Choice {
  const pools: Choice[][] = KINDS.flatMap(() => [[], [], [], []]);
  const make = (kind: Kind, bot: boolean, old: boolean, number: number): Choice => {
    const { wiki, body } = makeBody(seed, kind, bot, number);
    return { template: compile(old ? oldEnvelope(body) : body), ids: wiki.ids };
  };
  return (index, old) => {
    const draw = fraction(seed, Salt.kind, index);
    const place = KINDS.findIndex(({ upTo }) => draw < upTo);
    const { kind, bots } = KINDS[place]!;
    const bot = fraction(seed, Salt.bot, index) < bots;
    const number = hash(seed, Salt.template, index) % TEMPLATES;
    const pool = pools[4 * place + 2 * Number(bot) + Number(old)]!;
    return pool[number] ??= make(kind, bot, old, number);
  };
}
