import { assertEquals } from "@std/assert";
import { propertiesText, serverProperties } from "../../../../lib/local/kafka/properties.ts";

const nodes = [1, 2, 3].map((id) => ({ id, port: 9091 + id, controllerPort: 20_000 + id }));

Deno.test("serverProperties() of one node need no other node", () => {
  const properties = serverProperties(nodes[0]!, nodes.slice(0, 1), "/data");
  assertEquals(properties["offsets.topic.replication.factor"], 1);
  assertEquals(properties["transaction.state.log.replication.factor"], 1);
  assertEquals(properties["transaction.state.log.min.isr"], 1);
  assertEquals(properties["min.insync.replicas"], 1);
  assertEquals(properties["controller.quorum.voters"], "1@127.0.0.1:20001");
});

Deno.test("serverProperties() of three nodes have three replicas, two in sync", () => {
  const properties = serverProperties(nodes[1]!, nodes, "/data");
  assertEquals(properties["node.id"], 2);
  assertEquals(properties["default.replication.factor"], 3);
  assertEquals(properties["min.insync.replicas"], 2);
  assertEquals(properties["transaction.state.log.min.isr"], 2);
  assertEquals(
    properties["controller.quorum.voters"],
    "1@127.0.0.1:20001,2@127.0.0.1:20002,3@127.0.0.1:20003",
  );
  assertEquals(
    properties["listeners"],
    "PLAINTEXT://127.0.0.1:9093,CONTROLLER://127.0.0.1:20002",
  );
});

Deno.test("propertiesText() escapes the syntax of properties files", () => {
  assertEquals(
    propertiesText({ "log.dirs": "C:\\a b", "a b": " x", "#k": "!ü\ny", n: -1, on: false }),
    "log.dirs=C:\\\\a b\na\\ b=\\ x\n\\#k=\\!\\u00fc\\ny\nn=-1\non=false\n",
  );
});
