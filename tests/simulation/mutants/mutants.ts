import type { Cuts, Fault } from "../plan.ts";

/** A deliberate mistake: one text of one file is replaced in a copy of the program. */
export interface Mutant {
  /** The mistake in a few words. */
  readonly name: string;
  readonly file: string;
  /** The replaced text, which occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Faults without which the mistake has no effect. */
  readonly always?: readonly Fault[];
  /** The program in which it shows. Default: the producer. */
  readonly program?: Cuts["program"];
  /** The client of Kafka with which it shows. Default: any. */
  readonly client?: Cuts["client"];
}

/** Mistakes that lose or duplicate edits, or stop the program. Each must be found. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "resumes by the id that was sent last, not by the highest timestamp",
    file: "lib/upstream/connection/request.ts",
    find: "[key, from(timestamp)]",
    replace: "[key, timestamp + 1]",
  },
  {
    name: "keeps one time for all upstream topics",
    file: "lib/upstream/connection/request.ts",
    find: "[key, from(timestamp)]",
    replace: "[key, from(Math.max(...keys.map((one) => position.get(one)!.timestamp)))]",
  },
  {
    name: "asks only for topics that have sent something",
    file: "lib/upstream/connection/request.ts",
    find: "const all = [...wanted.position.partitions.keys()];",
    replace:
      "const all = [...wanted.position.partitions.keys()].filter((key) => (wanted.position.get(key)?.offset ?? -1) >= 0);",
  },
  {
    name: "does not wait for a silent connection to end",
    file: "lib/upstream/connection/connection.ts",
    find: "this.#deadline.set(ms, cause);",
    replace: 'this.#deadline.set(cause === "idle" ? 1e9 : ms, cause);',
  },
  {
    name: "takes the position of what was read, not of what a batch holds",
    file: "lib/produce/batch_accumulator.ts",
    find: "const taken = this.#waiting ?? this.#close();",
    replace: "const taken = { ...this.#waiting ?? this.#close(), upTo: this.upTo() };",
  },
  {
    name: "saves no position with the records",
    file: "lib/kafka/publish/sessions/exactly_once.ts",
    find: "await this.#sendOffset(transaction, progress.handled, metadata);",
    replace:
      "if (chunks.length === 0) await this.#sendOffset(transaction, progress.handled, metadata);",
  },
  {
    name: "reads the position before it locks older producers out",
    file: "lib/kafka/publish/sessions/exactly_once.ts",
    find: "const transaction = await this.#producer.transaction();\n    let saved",
    replace:
      "const early = await readSaved(this.admin, this.#place);\n    const transaction = await this.#producer.transaction();\n    if (early !== undefined) { await transaction.abort(); return early; }\n    let saved",
    always: ["second producer"],
  },
  {
    name: "reads the position once and not after a write of its own",
    file: "lib/kafka/publish/sessions/exactly_once.ts",
    find: '    await this.#sendOffset(transaction, 0, "");\n    return await readSaved',
    replace: "    void transaction;\n    return await readSaved",
    always: ["coordinator moves", "broker down", "lost answer"],
  },
  {
    name: "commits after a failed send",
    file: "lib/kafka/publish/send/send.ts",
    find: 'if (failure?.status === "rejected") throw failure.reason;',
    replace: "void failure;",
    always: ["error before"],
  },
  {
    name: "takes a commit whose answer was lost for one that failed",
    file: "lib/kafka/publish/ownership.ts",
    find: "if (saved?.handled === end.handled) return isOurs;",
    replace: "if (saved?.handled === end.handled) return false;",
  },
  {
    name: "takes a commit whose answer was lost for one that succeeded",
    file: "lib/kafka/publish/ownership.ts",
    find: "if (saved?.handled === handled && saved?.owner === owner) return false;",
    replace: "if (saved?.handled === handled && saved?.owner === owner) return true;",
  },
  {
    name: "fences back, without a look at who owns the position",
    file: "lib/kafka/publish/ownership.ts",
    find: "if (saved === undefined || saved.owner === this.#owner) return;",
    replace: "if (saved !== undefined) return;",
  },
  {
    name: "sends the chunks of a partition at the same time",
    file: "lib/kafka/publish/send/send.ts",
    find:
      "const partitions = Map.groupBy(chunks, ({ topic, partition }) => `${topic}/${partition}`);",
    replace: "const partitions = Map.groupBy(chunks, (chunk) => chunk);",
  },
  {
    name: "keeps a producer after a failure",
    file: "lib/kafka/publish/delivery.ts",
    find: "        await this.#dropSession();\n        unknownTopics",
    replace: "        unknownTopics",
  },
  {
    name: "takes an offset that is not higher for a duplicate, without its id",
    file: "lib/upstream/resume/deduplicator.ts",
    find: "if (isKnown && (isSettling || isBefore)) {",
    replace: "if (isBefore || (isKnown && isSettling)) {",
  },
  {
    name: "takes everything for news after a reconnect",
    file: "lib/upstream/resume/deduplicator.ts",
    find: 'return this.#missed.isGone(key, last) ? "settling" : "resuming";',
    replace: 'return "live";',
  },
  {
    name: "publishes an id again that the log has twice",
    file: "lib/upstream/resume/deduplicator.ts",
    find: "{ ...received, isRepeated: isKnown, rejectedBehind }",
    replace: "{ ...received, rejectedBehind }",
  },
  {
    name: "gives an anchor up on the first connection without it",
    file: "lib/upstream/resume/deduplicator.ts",
    find: 'if (this.#missed.note(connection, last)) return "reread";',
    replace: "",
  },
  {
    name: "believes every timestamp",
    file: "lib/upstream/resume/service_clock.ts",
    find: "    // Almost every event: no clock is read.",
    replace: "    if (timestamp > 0) return true;",
    always: ["far ahead", "retention", "cut"],
  },
  {
    name: "judges timestamps by this machine's clock",
    file: "lib/upstream/resume/service_clock.ts",
    find: "return this.#difference + this.#monotonic();",
    replace: "return this.#now();",
    always: ["far ahead", "retention", "clock wrong", "cut"],
  },
  {
    name: "counts a rejected frame as a new event each time",
    file: "lib/upstream/resume/deduplicator.ts",
    find: "connection.rejectedBefore = last.rejected;\n    connection.next = last.offset + 1;",
    replace: "connection.next = last.offset + 1;",
    always: ["bad frame", "cut"],
  },
  {
    name: "does not count a rejected frame",
    file: "lib/produce/pipeline.ts",
    find: 'if (made === "repeated") return;\n    this.#handled++;',
    replace: 'if (made === "repeated") return;\n    if (event !== undefined) this.#handled++;',
    always: ["bad frame"],
  },
  {
    name: "forgets a rejected frame that follows lost events",
    file: "lib/upstream/resume/connection_state.ts",
    find: "Math.max(0, rejectedBefore - (offset - next))",
    replace: "0",
    always: ["bad frame", "left out", "cut"],
  },
  {
    name: "reads on while Kafka takes nothing",
    file: "lib/produce/batch_accumulator.ts",
    find: "while (this.#waiting !== undefined && this.isFull && !this.#ended) await",
    replace: "if (this.bounds.maxRecords > 0) return;\n    await",
    always: ["broker down", "burst"],
  },
  {
    name: "store passes records that the batch has no room for",
    file: "lib/store/consumer/member.ts",
    find: "const end = at === records.length ? next : BigInt(taken.at(-1)!.offset) + 1n;",
    replace: "const end = next;",
    program: "store",
  },
  {
    name: "store does not locate its partition again if its claim was replaced",
    file: "lib/store/consumer/member.ts",
    find: "if (await heartbeat()) this.#consumer.relocate([at]);",
    replace: "await heartbeat();",
    always: [
      "slow request",
      "coordinator moves",
      "second producer",
      "kill",
      "kill at a call",
      "stop",
    ],
    program: "store",
  },
  {
    name: "store takes records that are not due",
    file: "lib/kafka/consume/consumer.ts",
    find: "if (BigInt(batch.fetchedOffset) !== due) return this.#onStray(batch, due);",
    replace: "",
    always: ["slow answer", "lost answer", "coordinator moves"],
    program: "store",
  },
  {
    name: "store takes records of partitions before they are located",
    file: "lib/kafka/consume/consumer.ts",
    find: "const due = this.#next.get(batch);",
    replace: "const due = this.#next.get(batch) ?? BigInt(batch.fetchedOffset);",
    always: ["slow answer", "lost answer", "coordinator moves"],
    program: "store",
  },
  {
    name: "store skips what a new partition had before it was noticed",
    file: "lib/store/consumer/claims.ts",
    find: "const first = before.get(at)?.low ?? 0n;",
    replace: "const first = before.get(at)?.high ?? 0n;",
    always: ["partitions added"],
    program: "store",
  },
  {
    name: "store counts records that were given back towards its limit",
    file: "lib/store/consumer/member.ts",
    find: "    this.#left += count;\n",
    replace: "",
    always: ["slow answer", "lost answer", "coordinator moves"],
    program: "store",
  },
  {
    name: "store moves an offset in OpenSearch that another member has moved",
    file: "lib/store/sinks/opensearch/positions.ts",
    find: "`_doc/${id}?${before.condition}`",
    replace: "`_doc/${id}`",
    always: ["slow request", "coordinator moves"],
    program: "store",
  },
  {
    name: "store moves the offset in OpenSearch before the documents are there",
    file: "lib/store/sinks/opensearch/opensearch_sink.ts",
    find: "const rejected = await this.#index(batch);",
    replace: "await this.#positions.write(topicId, partition, { ...before, next }, before);\n" +
      "    const rejected = await this.#index(batch);",
    program: "store",
  },
  {
    name: "store drops documents that a shard of OpenSearch did not take",
    file: "lib/store/sinks/opensearch/bulk.ts",
    find: "        documents.push(document);\n",
    replace: "",
    always: ["error before"],
    program: "store",
  },
  {
    name: "store takes an entry of Parquet's log for its own whose name was taken",
    file: "lib/store/sinks/parquet/disk.ts",
    find: "if (await Deno.readTextFile(path) !== text) return false;",
    replace: "",
    always: ["slow request", "coordinator moves"],
    program: "store",
  },
  {
    name: "store does not name Parquet files after a crash between commit and renames",
    file: "lib/store/sinks/parquet/parquet_sink.ts",
    find: "if (newest !== undefined) await log.settle(newest.entry);",
    replace: "",
    always: ["kill at a call"],
    program: "store",
  },
  {
    name: "store does not read again what Parquet accepted and dropped",
    file: "lib/store/sinks/parquet/partition.ts",
    find: "    this.#hasDropped = true;\n",
    replace: "",
    always: ["slow request", "coordinator moves"],
    program: "store",
  },
  {
    name: "store lets an older claim of a Parquet partition end after a newer one",
    file: "lib/store/sinks/parquet/parquet_sink.ts",
    find: "this.#guard(() => claims.run(() => this.#claim(key, wanted)))",
    replace: "this.#guard(() => this.#claim(key, wanted))",
    always: ["slow request", "coordinator moves"],
    program: "store",
  },
  {
    name: "sends to partitions that a topic does not have any more",
    file: "lib/kafka/publish/delivery.ts",
    find: "          work.resort();\n",
    replace: "",
    always: ["topic recreated"],
    client: "kafkajs",
  },
  {
    name: "takes a copy of a deleted event for the event in a renumbered log",
    file: "lib/upstream/resume/missed_anchors.ts",
    find: "if (!mayFollowNew) connection.anchorAt ??= offset;",
    replace: "void mayFollowNew, connection.anchorAt ??= offset;",
    always: [
      "retention",
      "repeated id",
      "whole seconds",
      "kill",
      "cut",
      "short end",
      "minutes back",
    ],
  },
];
