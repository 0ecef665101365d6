import type { BadRow, EditRow, Rows } from "../../rows.ts";
import { outcomeOf, type SinkBatch, type WriteOutcome } from "../../sink.ts";
import { badColumns, editColumns, type RowSource, textLengthOf } from "./columns.ts";
import { removeIfThere } from "./disk.ts";
import { ParquetFile } from "./parquet_file.ts";
import type { Entry, PartitionLog, PendingFile } from "./partition_log.ts";
import type { ParquetOptions } from "./options.ts";
import { TaskQueue } from "../../../shared/task_queue.ts";

/** The maximum number of days, and so of files, in one commit: edits may be dated in any year. */
const MAX_DAYS = 32;

/** The source of a partition's rows, and the name of its files. */
export interface PartitionSource extends RowSource {
  /** Kafka's id of the cluster. */
  readonly clusterId: string;
  /** The start of its files' names. */
  readonly label: string;
}

/** A file that is being written, and the offsets of its first and last row. */
interface OpenFile<Row> {
  readonly file: ParquetFile<Row>;
  readonly folder: string;
  readonly first: bigint;
  last: bigint;
  rows: number;
}

/**
 * A partition that this process holds. Accepted rows go into files by day, until a commit gives all
 * of these files their names at once. Rows that were not committed are read again from Kafka by the
 * next holder of the partition.
 */
export class HeldPartition {
  readonly #source: PartitionSource;
  readonly #log: PartitionLog;
  readonly #options: ParquetOptions;
  readonly #edits = new Map<string, OpenFile<EditRow>>();
  #bad: OpenFile<BadRow> | undefined;
  /** The number of the newest entry of the log that this process knows. */
  #number: number;
  /** The claim, or the last commit. */
  #entry: Entry;
  /** The first offset that is not accepted. */
  #accepted: bigint;
  /** When the oldest uncommitted row was accepted, in ms. */
  #since: number | undefined;
  /** Whether accepted rows were dropped since the last flush. */
  #hasDropped = false;
  #files = 0;
  readonly #tasks = new TaskQueue();

  /** Creates it after the claim's entry was added to the log. */
  constructor(
    source: PartitionSource,
    log: PartitionLog,
    claim: { readonly number: number; readonly entry: Entry },
    options: ParquetOptions,
  ) {
    this.#source = source;
    this.#log = log;
    this.#options = options;
    this.#number = claim.number;
    this.#entry = claim.entry;
    this.#accepted = claim.entry.next;
  }

  /** The size of the rows in memory, in bytes. */
  get pendingBytes(): number {
    return this.#openFiles().reduce((sum, { file }) => sum + file.pendingBytes, 0);
  }

  /** Accepts rows, and commits if the files are large enough. */
  write(batch: SinkBatch): Promise<WriteOutcome> {
    return this.#tasks.run(async () => {
      if (await this.#log.has(this.#number + 1)) return { heldBy: await this.#lose() };
      const { claim, next, rows } = batch;
      const { epoch, group } = this.#entry;
      if (claim.epoch !== BigInt(epoch) || claim.next !== this.#accepted) {
        return outcomeOf(batch, { epoch: BigInt(epoch), next: this.#accepted, group });
      }
      const isHeld = await this.#unlessTaken(async () => {
        if (!await this.#add(rows, claim.next)) return false;
        this.#accepted = next;
        this.#since ??= this.#options.now();
        const size = this.#openFiles().reduce((sum, { file }) => sum + file.size, 0);
        return size < this.#options.fileBytes || await this.#commit();
      });
      return isHeld ? { claim: { ...claim, next } } : { heldBy: await this.#lose() };
    });
  }

  /** Writes the rows in memory to the files, without a commit. */
  spill(): Promise<void> {
    return this.#tasks.run(async () => {
      const isHeld = await this.#unlessTaken(async () => {
        for (const { file } of this.#openFiles()) await file.writeGroup();
        return true;
      });
      if (!isHeld) await this.#drop();
    });
  }

  /**
   * Commits accepted rows, if this process still holds the partition.
   *
   * @param onlyDue Only if the oldest row has waited long enough.
   * @returns Whether accepted rows were dropped since the last call, because it does not.
   */
  flush(onlyDue: boolean): Promise<boolean> {
    return this.#tasks.run(async () => {
      const isDue = this.#since !== undefined &&
        !(onlyDue && this.#options.now() - this.#since < this.#options.fileMs);
      if (isDue && !await this.#unlessTaken(() => this.#commit())) await this.#drop();
      const hasDropped = this.#hasDropped;
      this.#hasDropped = false;
      return hasDropped;
    });
  }

  /**
   * Returns `false` also if files are missing because another process has claimed the partition.
   * After a failure such as a full disk the files may lack rows, so they must never be committed.
   */
  async #unlessTaken(work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      this.#forget();
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      // Other processes may have added enough entries to remove the next one.
      const newest = await this.#log.newest();
      if (newest !== undefined && newest.number > this.#number) return false;
      throw error;
    }
  }

  /** Adds rows in the order of their offsets; returns `false` if a commit in between failed. */
  async #add({ edits, bad }: Rows, from: bigint): Promise<boolean> {
    let badAt = 0;
    const addBadBefore = async (offset: bigint) => {
      for (; badAt < bad.length && bad[badAt]!.offset < offset; badAt++) {
        if (bad[badAt]!.offset >= from) await this.#addBad(bad[badAt]!);
      }
    };
    for (const edit of edits) {
      if (edit.offset < from) continue;
      await addBadBefore(edit.offset);
      const day = new Date(edit.time).toISOString().slice(0, 10);
      if (!this.#edits.has(day) && this.#edits.size >= MAX_DAYS) {
        this.#accepted = edit.offset;
        if (!await this.#commit()) return false;
      }
      await this.#addEdit(day, edit);
    }
    await addBadBefore(2n ** 63n);
    return true;
  }

  async #addEdit(day: string, edit: EditRow): Promise<void> {
    let open = this.#edits.get(day);
    if (open === undefined) {
      const columns = editColumns(this.#source);
      const file = await ParquetFile.create(this.#temporary(), columns, this.#options.codec);
      open = { file, folder: `date=${day}`, first: edit.offset, last: edit.offset, rows: 0 };
      this.#edits.set(day, open);
    }
    open.last = edit.offset;
    open.rows++;
    await open.file.add(edit, textLengthOf(edit));
  }

  async #addBad(bad: BadRow): Promise<void> {
    if (this.#bad === undefined) {
      const columns = badColumns(this.#source);
      const file = await ParquetFile.create(this.#temporary(), columns, this.#options.codec);
      this.#bad = { file, folder: "_bad_records", first: bad.offset, last: bad.offset, rows: 0 };
    }
    this.#bad.last = bad.offset;
    this.#bad.rows++;
    await this.#bad.file.add(bad, (bad.value?.length ?? 0) / 2);
  }

  /**
   * Completes the files and adds the entry that commits them; returns `false` if it was too late.
   */
  async #commit(): Promise<boolean> {
    const files: PendingFile[] = [];
    for (const open of this.#openFiles()) files.push(await this.#finish(open));
    const entry: Entry = {
      ...this.#entry,
      id: crypto.randomUUID(),
      next: this.#accepted,
      files,
    };
    if (!await this.#log.append(this.#number + 1, entry)) return false;
    this.#number++;
    this.#entry = entry;
    this.#close();
    await this.#log.settle(entry);
    await this.#log.clean(this.#number, entry.epoch);
    return true;
  }

  async #finish(
    { file, folder, first, last, rows }: OpenFile<EditRow> | OpenFile<BadRow>,
  ): Promise<PendingFile> {
    const { label, topic, partition, clusterId } = this.#source;
    await file.finish({
      "wikitap.schema": folder === "_bad_records" ? "bad_records/1" : "edits/1",
      "wikitap.topic": topic,
      "wikitap.cluster_id": clusterId,
      "wikitap.partition": String(partition),
      "wikitap.first_offset": String(first),
      "wikitap.last_offset": String(last),
      "wikitap.rows": String(rows),
    });
    return {
      temporary: file.path.slice(this.#log.folder.length + 1),
      path: `${folder}/${label}-${partition}-${first}-${last}.parquet`,
    };
  }

  /** Drops rows that were accepted, which the next flush reports. */
  async #drop(): Promise<void> {
    this.#hasDropped = true;
    await this.#lose();
  }

  /** Drops uncommitted rows; returns the group that holds the partition now. */
  async #lose(): Promise<string> {
    for (const { file } of this.#openFiles()) await removeIfThere(file.path);
    this.#forget();
    return (await this.#log.newest())?.entry.group ?? "";
  }

  /** Invalidates all claims of this process: rows that were accepted have to come again. */
  #forget(): void {
    this.#close();
    this.#accepted = -1n;
  }

  #close(): void {
    this.#edits.clear();
    this.#bad = undefined;
    this.#since = undefined;
  }

  #openFiles(): (OpenFile<EditRow> | OpenFile<BadRow>)[] {
    return [...this.#edits.values(), ...this.#bad === undefined ? [] : [this.#bad]];
  }

  #temporary(): string {
    return `${this.#log.folder}/${this.#entry.epoch}-${this.#files++}.tmp`;
  }
}
