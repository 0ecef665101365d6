import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { assertEquals } from "@std/assert";
// Loaded before kafkajs.ts, which replaces it: this is the original.
import originalRequest from "kafkajs/src/protocol/request.js";
import "../../../../lib/kafka/client/kafkajs.ts";
import { framedRequest } from "../../../../lib/kafka/wire/framed_request.ts";
import fc from "../../../support/tools/fast_check.ts";

/** Returns a request with this body. The body has memory of its own. */
function requestOf(body: Uint8Array) {
  const bytes = Buffer.from(Uint8Array.from(body).buffer);
  const encoded = { buf: bytes, buffer: bytes };
  return { apiKey: 3, apiVersion: 8, encode: () => Promise.resolve(encoded), bytes };
}

Deno.test("framedRequest() encodes byte for byte as kafkajs does", async () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.nat(5000).map((size) => new Uint8Array(size).fill(7)),
  );
  const clientId = fc.option(fc.string({ unit: "grapheme", maxLength: 20 }), { nil: null });
  const id = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  await fc.assert(
    fc.asyncProperty(body, clientId, id, async (body, clientId, correlationId) => {
      const header = { correlationId, clientId };
      const expected = await originalRequest({ ...header, request: requestOf(body) });
      const framed = await framedRequest({ ...header, request: requestOf(body) });
      assertEquals([...framed.buffer], [...expected.buffer]);
    }),
  );
});

Deno.test("kafkajs frames requests with framedRequest(), and frees the bodies", async () => {
  const require = createRequire(import.meta.resolve("../../../../lib/kafka/client/kafkajs.ts"));
  const Connection = require("kafkajs/src/network/connection.js");
  const request = requestOf(new Uint8Array(100));
  const written: Buffer[] = [];
  interface Push {
    readonly sendRequest: () => void;
    readonly entry: { readonly resolve: (answer: unknown) => void };
  }
  await Connection.prototype.send.call({
    isAuthenticated: () => true,
    failIfNotConnected() {},
    logDebug() {},
    nextCorrelationId: () => 7,
    clientId: "wikitap",
    socket: { write: (bytes: Buffer) => void written.push(bytes) },
    requestQueue: {
      push({ sendRequest, entry }: Push) {
        sendRequest();
        entry.resolve({});
      },
    },
  }, { request: { ...request, expectResponse: () => false } });
  assertEquals(written.map(({ length }) => length), [4 + 8 + 2 + "wikitap".length + 100]);
  assertEquals(request.bytes.length, 0);
});
