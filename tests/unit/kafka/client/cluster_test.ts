import { assertEquals } from "@std/assert";
import { openCluster } from "../../../../lib/kafka/client/cluster.ts";
import { gatherLog } from "../../../support/programs/logged.ts";

Deno.test("a patient client warns once of an unreachable broker", () => {
  using log = gatherLog();
  const { patient } = openCluster({ brokers: ["localhost:9092"] });
  patient.logger().error("Connection error: write after end");
  assertEquals(log.lines, []);
  const refused = "Connection error: connect ECONNREFUSED 127.0.0.1:9092";
  for (let i = 0; i < 3; i++) patient.logger().error(refused);
  assertEquals(log.lines, [
    `warning: Cannot reach a broker: ${refused}; retrying (failures so far: 1)`,
  ]);
});
