import { assert, assertEquals } from "@std/assert";
import { createTopics } from "../../../lib/kafka/admin/topics.ts";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { disconnect, openCluster } from "../../../lib/kafka/client/cluster.ts";
import { freePort } from "../../../lib/local/process/ports.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { batchOf, NEVER, newDelivery } from "../../support/kafka/delivery.ts";
import { ownKafka, uniqueTopic } from "../../support/kafka/kafka.ts";
import { BRIEF_SESSION_MS, PASSWORDS, startSecureKafka } from "../../support/kafka/secure_kafka.ts";

// Brokers start before a test and end in it, which the sanitizers report as leaks.
const unsanitized = { sanitizeOps: false, sanitizeResources: false };

Deno.test("openCluster() reaches IPv6 addresses, given and advertised", unsanitized, async () => {
  const port = freePort();
  await using _kafka = await ownKafka({
    extraConfig: (node) => ({
      "listeners": [
        `PLAINTEXT://127.0.0.1:${node.port}`,
        `CONTROLLER://127.0.0.1:${node.controllerPort}`,
        `SIX://[::1]:${port}`,
      ].join(),
      "advertised.listeners": `PLAINTEXT://127.0.0.1:${node.port},SIX://[::1]:${port}`,
      "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SIX:PLAINTEXT",
    }),
  });
  const cluster = openCluster({ brokers: [`[::1]:${port}`] });
  const topic = uniqueTopic();
  const spec = { topic, partitions: 1, replicationFactor: 1 };
  const { brokers } = await withAdmin(cluster, { action: "make a topic" }, async (admin) => {
    await createTopics(admin, [spec]);
    return await admin.describeCluster();
  });
  assertEquals(brokers.map(({ host, port }) => ({ host, port })), [{ host: "::1", port }]);
  const place = { cluster, topic, group: "six" };
  await using publisher = newDelivery(place);
  await publisher.open();
  await publisher.publish(batchOf(place, 0, 10), NEVER);
  assertEquals(publisher.counts.batches, 1);
});

Deno.test("openCluster() authenticates again within a short session", unsanitized, async () => {
  await using kafka = await startSecureKafka();
  const topic = uniqueTopic();
  const grant = (resourceType: number, resourceName: string) => ({
    resourceType,
    resourceName,
    resourcePatternType: 3, // literal
    principal: "User:alice",
    host: "*",
    operation: 2, // all
    permissionType: 3, // allow
  });
  await withAdmin(kafka.admin, { action: "make a topic" }, async (admin) => {
    await createTopics(admin, [{ topic, partitions: 1, replicationFactor: 1 }]);
    // A topic, a group and a transactional id.
    await admin.createAcls({ acl: [grant(2, topic), grant(3, "brief"), grant(5, "brief")] });
  });
  const cluster = openCluster({
    brokers: [kafka.at.brief],
    sasl: { mechanism: "scram-sha-512", username: "alice", password: PASSWORDS.alice },
  });
  const place = { cluster, topic, group: "brief" };
  await using publisher = newDelivery(place);
  await publisher.open();
  const begun = performance.now();
  let count = 0;
  while (performance.now() - begun < 2 * BRIEF_SESSION_MS) {
    await publisher.publish(batchOf(place, count, count + 10), NEVER);
    count += 10;
    await sleep(50);
  }
  assertEquals(publisher.counts, { ...publisher.counts, aborted: 0, restarts: 0 });
  // Sends a request after a pause that is longer than the session.
  await sleep(1.5 * BRIEF_SESSION_MS);
  await publisher.publish(batchOf(place, count, count + 10), NEVER);
  assertEquals(publisher.counts.restarts, 0);
  assert(count > 50);
  const admin = kafka.admin.quick.admin();
  await admin.connect();
  const [end] = await admin.fetchTopicOffsets(topic);
  await disconnect(admin);
  assert(Number(end!.high) >= count + 10);
});
