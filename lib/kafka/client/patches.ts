/**
 * Replaces parts of kafkajs before it is loaded: see `replaceModule()`. The replaced files are inside
 * of kafkajs, so its version is pinned exactly, and tests prove that the replacements are in force.
 */
import Module from "node:module";
import { setTimeout } from "node:timers";
import filterAbortedMessages from "kafkajs/src/consumer/filterAbortedMessages.js";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import createEosManager from "kafkajs/src/producer/eosManager/index.js";
import groupMessagesPerPartition from "kafkajs/src/producer/groupMessagesPerPartition.js";
import codecs from "kafkajs/src/protocol/message/compression/index.js";
import produceRequestV3 from "kafkajs/src/protocol/requests/produce/v3/request.js";
import { dropAborted } from "../wire/aborted_records.ts";
import { gzipCodec, zstdCodec } from "../wire/compression.ts";
import { groupByPartition } from "../wire/group_by_partition.ts";
import { produceRequest } from "../wire/produce_request.ts";

replaceModule(filterAbortedMessages, dropAborted);
replaceModule(groupMessagesPerPartition, groupByPartition);
replaceModule(produceRequestV3, produceRequest(compress));
replaceModule(createEosManager, withoutLock(createEosManager));
RequestQueue.prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;

codecs.Codecs[codecs.Types.GZIP] = gzipCodec;
codecs.Codecs[codecs.Types.ZSTD] = zstdCodec;

async function compress(codec: number, records: Uint8Array): Promise<Uint8Array> {
  return await codecs.Codecs[codec]().compress({ buffer: records });
}

/** Puts `replacement` in the place of a CommonJS module that has been loaded, by its exports. */
function replaceModule(exports: unknown, replacement: unknown): void {
  const cache = (Module as unknown as { _cache: Record<string, { exports: unknown }> })._cache;
  const entry = Object.values(cache).find((module) => module.exports === exports);
  if (entry === undefined) throw new Error("Cannot find the module to replace");
  entry.exports = replacement;
}

/**
 * Lets sends to one broker go at the same time. kafkajs has each wait for the one before, so that the
 * records of a partition stay in order and their sequence numbers without gaps. `sendChunks()` sees
 * to that itself, for each partition apart; and so a transaction over ten partitions of one broker
 * waits for two answers in a row, not for twenty.
 */
function withoutLock(create: (options: object) => object): (options: object) => object {
  const nothing = () => Promise.resolve();
  return (options) => ({
    ...create(options),
    ...{ acquireBrokerLock: nothing, releaseBrokerLock: nothing },
  });
}

/** The part of kafkajs's `RequestQueue` that its timer needs. */
interface Queue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null;
  checkPendingRequests(): void;
}

/**
 * Looks at waiting requests again once the broker's throttling is over. kafkajs's own sets a timer
 * of a negative delay even where nothing waits: a warning on stderr, and then a thousand wake-ups
 * a second on every connection for as long as it lives.
 */
function scheduleCheckPendingRequests(this: Queue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const delay = Math.max(this.throttledUntil - Date.now(), 10);
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, delay);
}
