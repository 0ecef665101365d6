import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import Connection from "kafkajs/src/network/connection.js";
import "../../../../lib/kafka/client/kafkajs.ts";
import { processData } from "../../../../lib/kafka/client/receive.ts";
import fc from "../../../support/tools/fast_check.ts";

type Receiver = ThisParameterType<typeof processData>;

/** A connection of kafkajs, as far as it receives; notes what it gets. */
function connection() {
  const received: { size: number; correlationId: number; payload: number[] }[] = [];
  const answers: number[][] = [];
  const failures: string[] = [];
  const newSocket = () => ({ destroy: ({ message }: Error) => void failures.push(message) });
  const receiver = {
    authHandlers: null as Receiver["authHandlers"],
    authExpectResponse: false,
    socket: newSocket(),
    requestQueue: {
      fulfillRequest: ({ size, correlationId, payload }: {
        readonly size: number;
        readonly correlationId: number;
        readonly payload: Buffer;
      }) => void received.push({ size, correlationId, payload: [...payload] }),
    },
  };
  return {
    received,
    answers,
    failures,
    receiver,
    receive: (bytes: Uint8Array) => processData.call(receiver, ownCopy(bytes)),
    reconnect: () => void (receiver.socket = newSocket()),
    authenticate: (authExpectResponse: boolean) => {
      const onSuccess = (answer: Buffer) => {
        receiver.authHandlers = null;
        answers.push([...answer]);
      };
      Object.assign(receiver, { authHandlers: { onSuccess }, authExpectResponse });
    },
  };
}

function ownCopy(bytes: Uint8Array): Buffer {
  return Buffer.from(new Uint8Array(bytes).buffer);
}

function response(correlationId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + payload.length);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, payload]);
}

Deno.test("kafkajs receives with processData()", () => {
  assertEquals(Connection.prototype.processData, processData);
});

Deno.test("processData() finds the responses in any chunks", () => {
  const payload = fc.uint8Array({ maxLength: 20 });
  fc.assert(fc.property(
    fc.array(payload, { minLength: 1, maxLength: 5 }),
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
    (payloads, sizes) => {
      const { receive, received } = connection();
      const bytes = Buffer.concat(payloads.map((payload, id) => response(id, payload)));
      for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]!) {
        receive(bytes.subarray(at, at + sizes[i % sizes.length]!));
      }
      assertEquals(
        received,
        payloads.map((payload, correlationId) => ({
          size: 4 + payload.length,
          correlationId,
          payload: [...payload],
        })),
      );
    },
  ));
});

Deno.test("processData() frees chunks, unless they are parts of larger ones", () => {
  const { receiver, received } = connection();
  const whole = ownCopy(response(1, Buffer.of(7, 8)));
  const second = ownCopy(Buffer.concat([response(2, Buffer.of(9)), Buffer.of(1)]));
  processData.call(receiver, whole);
  processData.call(receiver, second.subarray(0, -1));
  assertEquals([whole.length, second.length], [0, 10]);
  assertEquals(received.map(({ payload }) => payload), [[7, 8], [9]]);
});

Deno.test("processData() gives memory to bytes that came, not to those announced", () => {
  const { receive, receiver } = connection();
  receive(Buffer.from("HTTP/1.1 400 Bad Request\r\n"));
  const { size, bytes } = (receiver as Receiver).incoming!;
  assertEquals([size, bytes.length], [4 + 0x48545450, 16 * 1024 * 1024]);
});

Deno.test("processData() receives a response of more than its first memory", () => {
  const { receive, received } = connection();
  const payload = new Uint8Array(40 * 1024 * 1024).fill(5);
  const bytes = response(1, payload);
  for (let at = 0; at < bytes.length; at += 1 << 20) receive(bytes.subarray(at, at + (1 << 20)));
  assertEquals(received.map(({ size }) => size), [4 + payload.length]);
  assert(received[0]!.payload.every((byte) => byte === 5));
});

Deno.test("processData() ends the connection at an impossible size", () => {
  const { receive, received, failures } = connection();
  receive(Buffer.of(0xff, 0xff, 0xff, 0xfe));
  assertEquals([received, failures], [[], ["The server sent a response of -2 bytes"]]);
});

Deno.test("processData() forgets half a response when the connection was lost", () => {
  const { receive, received, reconnect } = connection();
  receive(response(1, Buffer.of(1, 2, 3)).subarray(0, 9));
  reconnect();
  receive(response(2, Buffer.of(4)));
  assertEquals(received, [{ size: 5, correlationId: 2, payload: [4] }]);
});

Deno.test("processData() passes on SASL answers, with and without a size", () => {
  const { receive, received, answers, authenticate } = connection();
  authenticate(false);
  receive(Buffer.of(0, 0, 0, 0));
  authenticate(true);
  const answer = response(0x41424344, Buffer.of());
  receive(answer.subarray(0, 6));
  receive(answer.subarray(6));
  receive(response(3, Buffer.of(9)));
  assertEquals(answers, [[0, 0, 0, 0], [...answer]]);
  assertEquals(received.map(({ payload }) => payload), [[9]]);
});
