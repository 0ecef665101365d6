import {
  ATTRIBUTES,
  CONTROL,
  COUNT,
  LAST_OFFSET_DELTA,
  LEADER_EPOCH,
  LENGTH,
} from "../../../lib/kafka/wire/batch_layout.ts";

/** The header of a record batch in a broker's log. */
export interface BatchHead {
  readonly first: number;
  readonly last: number;
  /** The number of its records. */
  readonly count: number;
  /** Whether it is a transaction marker. */
  readonly isControl: boolean;
}

/**
 * Reads the headers of all record batches of a partition from the broker's files, by segment. If
 * the log cleaner replaces a file at that moment, the old or the new one is read.
 *
 * @param folder The folder of the partition: `…/topic-0`.
 */
export async function segmentsOf(folder: string): Promise<BatchHead[][]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".log")) names.push(name);
  }
  const segments: BatchHead[][] = [];
  for (const name of names.sort()) {
    try {
      segments.push(headsIn(await Deno.readFile(`${folder}/${name}`)));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // merged into another
    }
  }
  return segments;
}

function headsIn(bytes: Uint8Array): BatchHead[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const heads: BatchHead[] = [];
  for (let at = 0; at + COUNT + 4 <= bytes.length;) {
    const first = Number(view.getBigInt64(at));
    heads.push({
      first,
      last: first + view.getInt32(at + LAST_OFFSET_DELTA),
      count: view.getInt32(at + COUNT),
      isControl: (view.getInt16(at + ATTRIBUTES) & CONTROL) !== 0,
    });
    at += LEADER_EPOCH + view.getInt32(at + LENGTH);
  }
  return heads;
}
