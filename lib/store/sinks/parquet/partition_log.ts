import { z } from "zod";
import { UserError } from "../../../shared/error.ts";
import {
  createOnce,
  exists,
  makeDirectory,
  moveOnce,
  namesIn,
  removeIfThere,
  syncDirectory,
} from "./disk.ts";

/** A complete file with a temporary name, and its final name. */
export interface PendingFile {
  /** A name in the folder of the partition. */
  readonly temporary: string;
  /** A path in the directory: a folder and a name. */
  readonly path: string;
}

/** One entry: a claim of the partition, or a commit of its holder. */
export interface Entry {
  /** Makes the text unique. */
  readonly id: string;
  /** The consumer group of the holder. */
  readonly group: string;
  /** The sequence number of the holder's claim. */
  readonly epoch: number;
  /** The first offset that is not stored. */
  readonly next: bigint;
  /** The files that a commit adds; none for a claim. */
  readonly files: readonly PendingFile[];
}

/** An entry with its sequence number. */
export interface NumberedEntry {
  /** The sequence number in the log. */
  readonly number: number;
  /** The entry. */
  readonly entry: Entry;
}

const entrySchema = z.object({
  id: z.string(),
  group: z.string(),
  epoch: z.int(),
  next: z.string().regex(/^\d{1,19}$/).transform(BigInt),
  files: z.array(z.object({
    // No path in the entry may lead out of the directory.
    temporary: z.string().regex(/^\d+-\d+\.tmp$/),
    path: z.string().regex(/^(?:date=\d{4}-\d\d-\d\d|_bad_records)\/[\w.~-]+\.parquet$/),
  })),
});

/** The number of entries that are kept: only the newest is used, the others are for people. */
const KEPT = 10;

/**
 * The log of a partition: files `0.json`, `1.json`, … that are created only if they do not exist.
 * The newest entry names the holder of the partition and its offset. So every writer has to add the
 * next entry, and only one of two succeeds. Only the newest entry can have files without their
 * final names.
 */
export class PartitionLog {
  readonly #directory: string;
  /** The folder of the entries and the temporary files. */
  readonly folder: string;

  /** @param folder The folder of the entries and the temporary files; its parent exists. */
  constructor(directory: string, folder: string) {
    this.#directory = directory;
    this.folder = folder;
  }

  /** Returns the newest entry, if there is one. */
  async newest(): Promise<NumberedEntry | undefined> {
    while (true) {
      const number = await this.#newestNumber();
      if (number === undefined) return undefined;
      try {
        return {
          number,
          entry: parse(await Deno.readTextFile(this.#path(number)), this.#path(number)),
        };
      } catch (error) {
        // Other processes have added enough entries to remove this one.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  /**
   * Adds an entry.
   *
   * @returns Whether it is the newest now. If not, it is void: the number was taken, or is so old
   * that its entry was removed.
   */
  async append(number: number, entry: Entry): Promise<boolean> {
    await makeDirectory(this.folder);
    const text = `${JSON.stringify({ ...entry, next: String(entry.next) })}\n`;
    return await createOnce(this.#path(number), text) && await this.#newestNumber() === number;
  }

  /** Returns whether there is an entry with this number. */
  has(number: number): Promise<boolean> {
    return exists(this.#path(number));
  }

  /**
   * Gives files their final names, unless they have them. Any number of callers may do so at the
   * same time. A file with neither name was removed by a person.
   */
  async settle({ files }: Entry): Promise<void> {
    const folders = new Set(files.map(({ path }) => path.slice(0, path.indexOf("/"))));
    for (const { temporary, path } of files) {
      const from = `${this.folder}/${temporary}`;
      if (!await exists(from)) continue;
      await makeDirectory(`${this.#directory}/${path.slice(0, path.indexOf("/"))}`);
      await moveOnce(from, `${this.#directory}/${path}`);
    }
    for (const folder of folders) {
      if (await exists(`${this.#directory}/${folder}`)) {
        await syncDirectory(`${this.#directory}/${folder}`);
      }
    }
    if (files.length > 0) await syncDirectory(this.folder);
  }

  /**
   * Removes old entries, and temporary files of claims before `epoch`. Those of later claims belong to
   * another member: this one may have been slow.
   */
  async clean(number: number, epoch: number): Promise<void> {
    for (const name of await namesIn(this.folder)) {
      const entry = /^(\d+)\.json$/.exec(name)?.[1];
      const temporary = /^(\d+)-\d+\.tmp$/.exec(name)?.[1];
      const isOld = entry !== undefined && Number(entry) <= number - KEPT;
      const isLeftOver = temporary !== undefined && Number(temporary) < epoch;
      if (isOld || isLeftOver) await removeIfThere(`${this.folder}/${name}`);
    }
  }

  async #newestNumber(): Promise<number | undefined> {
    const numbers = (await namesIn(this.folder))
      .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
      .filter((text) => text !== undefined)
      .map(Number);
    return numbers.length === 0 ? undefined : Math.max(...numbers);
  }

  #path(number: number): string {
    return `${this.folder}/${number}.json`;
  }
}

function parse(text: string, path: string): Entry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const checked = entrySchema.safeParse(value);
  if (checked.success) return checked.data;
  throw new UserError(`Cannot read '${path}': it is not a log entry of wikitap`, {
    hint: "Restore the directory from a copy, or store into a new one",
  });
}
