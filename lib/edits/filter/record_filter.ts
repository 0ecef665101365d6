import type { EventFields } from "../event/event_fields.ts";
import { buildFilter, type Filter, READERS } from "./filter.ts";
import { bodyOf, fieldsOf } from "../message/record_value.ts";
import { matcher } from "./pattern.ts";

/** Which records pass: as the producer's {@linkcode Filter}, and by their keys. */
export interface RecordFilter extends Filter {
  /** Keys as text. */
  readonly keys?: readonly string[] | undefined;
}

/** The part of a record that is read here. */
export interface StoredRecord {
  /** Text in UTF-8, if there is one. */
  readonly key: Uint8Array | null;
  /** JSON in UTF-8: the nine fields, selected fields, or the upstream event. */
  readonly value: Uint8Array | null;
}

const decoder = new TextDecoder();

/** Tests records, which may be edits in any form that the producer writes. */
export class RecordTest {
  readonly #passesKey: ((key: string) => boolean) | undefined;
  readonly #passes: ((fields: EventFields) => boolean) | undefined;
  readonly #lacking: Set<keyof Filter>;

  /** Compiles a filter. An empty one passes everything. */
  constructor({ keys, ...filter }: RecordFilter) {
    const names = (Object.keys(READERS) as (keyof Filter)[]).filter((name) =>
      filter[name] !== undefined
    );
    this.#passesKey = keys === undefined ? undefined : matcher(keys);
    this.#passes = names.length === 0 ? undefined : buildFilter(filter);
    this.#lacking = new Set(names);
  }

  /** Filters that no record so far had a value for: most likely the wrong ones for this topic. */
  get lacking(): readonly (keyof Filter)[] {
    return [...this.#lacking];
  }

  /** Returns whether a record passes. One that lacks what the filter reads does not. */
  passes({ key, value }: StoredRecord): boolean {
    if (this.#passesKey?.(key === null ? "" : decoder.decode(key)) === false) return false;
    if (this.#passes === undefined) return true;
    const body = bodyOf(value);
    if (body === undefined) return false;
    const fields = fieldsOf(body);
    for (const name of this.#lacking) {
      if (READERS[name](fields) !== undefined) this.#lacking.delete(name);
    }
    return this.#passes(fields);
  }
}
