/**
 * Runs the script on the model, in a thread of its own, since a real cluster needs kafkajs's
 * network code.
 */
import "../kafka/client.ts";
import { openCluster } from "../../../lib/kafka/client/cluster.ts";
import { SimulatedKafka } from "../kafka/cluster.ts";
import { useNetwork } from "../kafka/client.ts";
import { Network } from "../kafka/network.ts";
import { FAULT_NAMES, Plan } from "../plan.ts";
import { Machine } from "../world/machine.ts";
import { Random } from "../world/random.ts";
import { inTask } from "../world/scheduler.ts";
import { withVirtualGlobals } from "../world/virtual_globals.ts";
import { World } from "../world/world.ts";
import { type Observed, play } from "./script.ts";

const TOPIC = "compared";
const LIMIT = 120_000;

function playOnModel(): Observed {
  const world = new World(new Plan(3, { without: FAULT_NAMES, events: 1 }));
  let observed: Observed = {};
  withVirtualGlobals(world.scheduler, world.random, () => {
    const kafka = new SimulatedKafka(world, Random.of(1, "kafka"));
    kafka.createTopic(TOPIC, 2);
    useNetwork(new Network(kafka, world, Random.of(1, "network")));
    const brokers = kafka.nodes.map(({ host, port }) => `${host}:${port}`);
    world.scheduler.after(0, () => {
      play({
        kafka: openCluster({ brokers }).producing,
        topic: TOPIC,
        overdueMs: 25_000,
        recreate: () => {
          kafka.deleteTopic(TOPIC);
          kafka.createTopic(TOPIC, 2);
          return Promise.resolve();
        },
        committed: () =>
          Promise.resolve(
            kafka.topics.get(TOPIC)!.flatMap((log) =>
              log.committed().map(({ value }) => String(value))
            ),
          ),
      }).then((result) => observed = result, (error) => observed = { failed: String(error) });
    }, new Machine("script", world.scheduler.now, 1));
    world.scheduler.run(world.scheduler.now + LIMIT, () => Object.keys(observed).length > 0);
  });
  return observed;
}

self.onmessage = () => void inTask(playOnModel).then((observed) => self.postMessage(observed));

declare const self: { onmessage: () => void; postMessage(observed: Observed): void };
