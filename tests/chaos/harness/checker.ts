import { type Expected, type ExpectedEdit, identityOf } from "./expected.ts";

/** The contents of a topic, compared with the served upstream log. */
export interface Verdict {
  /** Edits that were served, and that have to be in the topic. */
  readonly expected: number;
  /** Of these, how many are in it, once or more often. */
  readonly found: number;
  readonly lost: number;
  /** Records of an edit that is in the topic already. */
  readonly duplicated: number;
  /**
   * Edits that stand behind a later one of their page and upstream topic, or in another partition
   * than others of their page. Duplicated records do not count again.
   */
  readonly disordered: number;
  /** Records that are none of the edits. */
  readonly foreign: number;
  /** Some of what is wrong, for people. */
  readonly examples: readonly string[];
}

/** One record of the topic. */
export interface CheckedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly offset: string;
}

const MAX_EXAMPLES = 10;

/**
 * Looks at every record of a topic, in the order of each partition, and says what is lost,
 * duplicated or out of order. Memory: an entry for each edit.
 */
export class Checker {
  readonly #edits: Expected["edits"];
  readonly #found = new Set<string>();
  /** By upstream topic and page, the last edit and where it is. */
  readonly #pages = new Map<string, { readonly index: number; readonly partition: number }>();
  readonly #examples: string[] = [];
  #duplicated = 0;
  #disordered = 0;
  #foreign = 0;

  constructor({ edits }: Pick<Expected, "edits">) {
    this.#edits = edits;
  }

  take(partition: number, record: CheckedRecord): void {
    const place = `partition ${partition}, offset ${record.offset}`;
    const identity = readIdentity(record.value);
    const edit = identity === undefined ? undefined : this.#edits.get(identity);
    if (identity === undefined || edit === undefined) {
      this.#foreign++;
      this.#note(`foreign: ${place}`);
    } else if (this.#found.has(identity)) {
      this.#duplicated++;
      this.#note(`duplicated: ${identity} (${nameOf(edit)}) again at ${place}`);
    } else {
      this.#found.add(identity);
      this.#checkOrder(edit, decoder.decode(record.key ?? new Uint8Array()), partition, place);
    }
  }

  get verdict(): Verdict {
    const lost = this.#edits.size - this.#found.size;
    return {
      expected: this.#edits.size,
      found: this.#found.size,
      lost,
      duplicated: this.#duplicated,
      disordered: this.#disordered,
      foreign: this.#foreign,
      examples: [...this.#examples, ...lost === 0 ? [] : this.#lostExamples()],
    };
  }

  #checkOrder({ topic, index }: ExpectedEdit, page: string, partition: number, at: string): void {
    const key = `${topic} ${page}`;
    const last = this.#pages.get(key);
    if (last !== undefined && (last.index > index || last.partition !== partition)) {
      this.#disordered++;
      this.#note(`out of order: ${topic} ${index} behind ${last.index} at ${at}`);
    }
    this.#pages.set(key, { index: Math.max(index, last?.index ?? 0), partition });
  }

  #note(example: string): void {
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(example);
  }

  #lostExamples(): string[] {
    const examples: string[] = [];
    for (const [identity, edit] of this.#edits) {
      if (this.#found.has(identity)) continue;
      examples.push(`lost: ${identity} (${nameOf(edit)})`);
      if (examples.length === MAX_EXAMPLES) break;
    }
    return examples;
  }
}

const decoder = new TextDecoder();

function nameOf({ topic, index }: ExpectedEdit): string {
  return `${topic}, event ${index}`;
}

function readIdentity(value: Uint8Array | null): string | undefined {
  try {
    const { domain, id } = JSON.parse(decoder.decode(value ?? new Uint8Array()));
    return identityOf({ domain, id });
  } catch {
    return undefined;
  }
}
