import { assert, assertEquals } from "@std/assert";
import { START, syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import type { VerifyProgress } from "../../../lib/verify/options.ts";
import { ownKafka } from "../../support/kafka/kafka.ts";
import { produce, serve } from "../../support/kafka/produce.ts";
import { makeTopic } from "../../support/kafka/topic.ts";
import { verifyReport } from "../../support/kafka/verify.ts";

const kafka = await ownKafka({ nodes: 3 });
const address = kafka.bootstrapServers;

Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

const log = syntheticLog({ rate: 1000, count: 50_000, canaryEvery: 1000 });
const server = serve(log);
Deno.test.afterAll(() => server.stop());

const topic = await makeTopic(address, { replicationFactor: 3 });
const span = ["--since", String(START), "--until", String(START + 48_000)];
const args = ["--stream-url", server.url, "--topic", topic, ...span];
await produce({ kafka: address, topic, url: server.url, args: span });

Deno.test({
  name: "verify reads on when any of three brokers dies while it reads the topic",
  // A broker ends in the test.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    for (const id of [1, 2, 3]) {
      let death: Promise<void> | undefined;
      const onProgress = ({ phase, part }: VerifyProgress) => {
        if (phase === "reading the topic" && part > 0 && part < 1) death ??= kafka.kill(id);
      };
      const { differences, expected, found } = await verifyReport(address, args, { onProgress });
      assert(death !== undefined);
      await death;
      await kafka.start(id);
      assertEquals(Object.values(differences), [0, 0, 0, 0, 0, 0], `broker ${id}`);
      assert(expected > 15_000);
      assertEquals(found, expected);
    }
  },
});
