/**
 * Replaces parts of kafkajs before it is loaded: see `replaceModule()`. The replaced files are
 * internal, so the version of kafkajs is pinned exactly, and tests check each replacement.
 */
import type { Buffer } from "node:buffer";
import Module from "node:module";
import { setTimeout } from "node:timers";
import Batch from "kafkajs/src/consumer/batch.js";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import createEosManager from "kafkajs/src/producer/eosManager/index.js";
import groupMessagesPerPartition from "kafkajs/src/producer/groupMessagesPerPartition.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import protocolErrors from "kafkajs/src/protocol/error.js";
import codecs from "kafkajs/src/protocol/message/compression/index.js";
import createRequest from "kafkajs/src/protocol/request.js";
import produce from "kafkajs/src/protocol/requests/produce/index.js";
import decodeMessages from "kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js";
import produceRequestV3 from "kafkajs/src/protocol/requests/produce/v3/request.js";
import { MAGIC } from "../wire/batch_layout.ts";
import { compress, decompress } from "../wire/compression.ts";
import { framedRequest } from "../wire/framed_request.ts";
import { FetchedBatch } from "../wire/fetch/fetched_batch.ts";
import { groupByPartition } from "../wire/group_by_partition.ts";
import { type ProduceRequest, produceRequest } from "../wire/produce_request.ts";
import { type ProduceResponse, readProduceResponse } from "../wire/produce_response.ts";
import { hostAndPort } from "./address.ts";
import { fetchAhead } from "./fetch_ahead.ts";
import { processData } from "./receive.ts";
import { retain } from "../wire/fetch/response_memory.ts";
import { splitBatches } from "../wire/fetch/record_set.ts";
import { UnreadableRecords } from "../wire/unreadable_records.ts";

replaceModule(createRequest, framedRequest);
// Loaded after that, since they bind it.
const { default: createConnectionPoolBuilder } = await import(
  "kafkajs/src/cluster/connectionPoolBuilder.js"
);
const { default: Broker } = await import("kafkajs/src/broker/index.js");
const { default: Connection } = await import("kafkajs/src/network/connection.js");

replaceModule(Batch, FetchedBatch);
replaceModule(decodeMessages, recordBatchesOr(decodeMessages));
replaceModule(groupMessagesPerPartition, groupByPartition);
replaceModule(produceRequestV3, produceRequest(compress));
replaceModule(createEosManager, withoutLock(createEosManager));
replaceModule(createConnectionPoolBuilder, withIpv6(createConnectionPoolBuilder));
RequestQueue.prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
Broker.prototype.fetch = fetchAhead(Broker.prototype.fetch);
Connection.prototype.processData = processData;
reauthenticateInTime(Connection.prototype);
nameRecordsAtFault();
RequestQueue.prototype.waitForPendingRequests = waitForPendingRequests;

// Only for records in message formats 0 and 1, which kafkajs still decodes.
for (const type of [1, 2, 3, 4]) {
  codecs.Codecs[type] = () => ({
    decompress: (records: Uint8Array) => Promise.resolve(decompress(type, records)),
  });
}

/** The part of kafkajs's decoder that a record set needs. */
interface ResponseDecoder {
  readonly buffer: Buffer;
  offset: number;
  canReadBytes(length: number): boolean;
  readInt32(): number;
  readBytes(length: number): Buffer;
}

/**
 * Decodes the records of a partition in a fetch: as record batches, which are unpacked later, or
 * with `original` if they are in message format 0 or 1. kafkajs's own decoder creates a dozen
 * objects per record, unpacks a whole fetch at once, and overflows the stack at about 129,000
 * records. It drops batches without records, at which its consumer then stops forever.
 */
function recordBatchesOr(original: (decoder: ResponseDecoder) => Promise<unknown[]>) {
  return (decoder: ResponseDecoder): Promise<unknown[]> => {
    const length = decoder.buffer.readInt32BE(decoder.offset);
    const magic = decoder.buffer[decoder.offset + 4 + MAGIC];
    if (length > MAGIC && magic !== undefined && magic < 2) {
      retain(decoder.buffer);
      return original(decoder);
    }
    decoder.readInt32();
    if (length <= 0) return Promise.resolve([]);
    if (!decoder.canReadBytes(length)) throw new UnreadableRecords("a fetch is cut short");
    const batches = splitBatches(decoder.readBytes(length));
    if (batches.length > 0) retain(decoder.buffer);
    return Promise.resolve(batches);
  };
}

/** Replaces a CommonJS module that has been loaded, which is found by its exports. */
function replaceModule(exports: unknown, replacement: unknown): void {
  const cache = (Module as unknown as { _cache: Record<string, { exports: unknown }> })._cache;
  const entry = Object.values(cache).find((module) => module.exports === exports);
  if (entry === undefined) throw new Error("Cannot replace a module of kafkajs: it is not loaded");
  entry.exports = replacement;
}

/**
 * Lets sends to one broker run at the same time. In kafkajs each waits for the one before, so that
 * the records of a partition stay in order and their sequence numbers have no gaps. `sendChunks()`
 * ensures that itself, for each partition. So a transaction over ten partitions of one broker waits
 * for two answers in a row, not for twenty.
 */
function withoutLock(create: (options: object) => object): (options: object) => object {
  const nothing = () => Promise.resolve();
  return (options) => ({
    ...create(options),
    acquireBrokerLock: nothing,
    releaseBrokerLock: nothing,
  });
}

/** The part of kafkajs's `RequestQueue` that its timer needs. */
interface Queue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  readonly inflight: { readonly size: number };
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null;
  /** Resolves when no request is left; all waiters share it. */
  drained?: Promise<void> | undefined;
  once(event: "requestQueueEmpty", listener: () => void): void;
  checkPendingRequests(): void;
}

/**
 * Checks waiting requests again after the broker's throttling. kafkajs's own method sets a timer
 * with a negative delay even if no request waits: a warning on stderr, and then a thousand wake-ups
 * a second on every connection, until it closes.
 */
function scheduleCheckPendingRequests(this: Queue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const delay = Math.max(this.throttledUntil - Date.now(), 10);
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, delay);
}

/** Makes connections. Without a destination, it takes the next of the configured addresses. */
interface Builder {
  build(destination?: { host?: string; port?: number; rack?: string }): Promise<unknown>;
}

/**
 * Allows an address such as `[::1]:9092`: kafkajs takes the text before the first colon as host.
 */
function withIpv6(
  create: (options: { readonly brokers: readonly string[] }) => Builder,
): typeof create {
  return (options) => {
    const builder = create(options);
    let next = 0;
    return {
      build: (destination) => {
        if (destination?.host) return builder.build(destination);
        return builder.build(hostAndPort(options.brokers[next++ % options.brokers.length]!));
      },
    };
  };
}

/** How long before the end of a SASL session kafkajs authenticates again, in ms. */
const REAUTHENTICATION_LEAD = 10_000;

/**
 * Authenticates again halfway through SASL sessions that are shorter than 20 s
 * (`connections.max.reauth.ms`). kafkajs does so 10 s before the end. With a session of 10 s or
 * less that is before every request, which a broker rejects within a second (ILLEGAL_SASL_STATE).
 */
function reauthenticateInTime(prototype: object): void {
  Object.defineProperty(prototype, "reauthenticationThreshold", {
    get(this: { readonly sessionLifetime: { toNumber(): number } }) {
      return Math.min(REAUTHENTICATION_LEAD, Math.floor(this.sessionLifetime.toNumber() / 2));
    },
    // The constructor sets it.
    set() {},
  });
}

/** Adds version 8 of the Produce API, whose answers name the records that a broker rejects. */
function nameRecordsAtFault(): void {
  const { errorCodes } = protocolErrors;
  if (errorCodes.every(({ type }: { type: string }) => type !== "INVALID_RECORD")) {
    const message = "The broker rejected a record";
    errorCodes.push({ type: "INVALID_RECORD", code: 87, retriable: false, message });
  }
  const older = produce.protocol;
  produce.versions = [...produce.versions, "8"];
  produce.protocol = ({ version }: { version: number }) => {
    if (version !== 8) return older({ version });
    return (request: ProduceRequest) => ({
      request: { ...produceRequest(compress)(request), apiVersion: 8 },
      response: {
        decode: (data: unknown) => Promise.resolve(readProduceResponse(new Decoder(data))),
        parse: failOnError,
      },
    });
  };
}

/** Fails as kafkajs does, but the error has the broker's message and the records that it names. */
function failOnError(response: ProduceResponse): Promise<ProduceResponse> {
  const answers = response.topics.flatMap(({ partitions }) => partitions);
  const failed = answers.find(({ errorCode }) => errorCode !== 0);
  if (failed === undefined) return Promise.resolve(response);
  const { recordErrors, errorMessage } = failed;
  const error = protocolErrors.createErrorFromCode(failed.errorCode);
  return Promise.reject(Object.assign(error, { recordErrors, errorMessage }));
}

/**
 * Waits until no request is left. kafkajs's own method adds a listener for each caller. Every
 * request that fails with its broker calls it, so Node logs a `MaxListenersExceededWarning`.
 */
function waitForPendingRequests(this: Queue): Promise<void> {
  if (this.pending.length === 0 && this.inflight.size === 0) return Promise.resolve();
  return this.drained ??= new Promise((resolve) => {
    this.once("requestQueueEmpty", () => {
      this.drained = undefined;
      resolve();
    });
  });
}
