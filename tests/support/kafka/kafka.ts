import { type KafkaOptions, startKafka } from "../../../lib/local/kafka/start.ts";
import type { LocalKafka } from "../../../lib/local/kafka/cluster.ts";
import { fileFolder, testFolder } from "../tools/folder.ts";

/**
 * Returns the address of a real Kafka of one node, for all tests of a file. Call it at the top of
 * the file, outside the tests, whose sanitizers would report a broker as a leak:
 *
 *     const kafka = await testKafka();
 *
 * `deno task test` starts one for all files and names it in the environment. A file that runs alone
 * gets its own, which ends with the test run. Topics are named by `uniqueTopic()`.
 */
export function testKafka(): Promise<string> {
  return shared(1);
}

/**
 * Like `testKafka()`, but with three nodes that replicate. A test that kills nodes starts its own.
 */
export function testKafka3(): Promise<string> {
  return shared(3);
}

/**
 * Starts a separate Kafka, for tests that kill nodes or need other settings. Disposing stops it and
 * removes its data.
 */
export async function ownKafka(
  options: Pick<KafkaOptions, "nodes" | "extraConfig"> = {},
): Promise<LocalKafka> {
  const folder = await testFolder();
  const kafka = await startKafka({ ...options, directory: folder.path, port: 0, heap: 256 });
  const end = async () => {
    await kafka.stop();
    await folder[Symbol.asyncDispose]();
  };
  return Object.defineProperty(kafka, Symbol.asyncDispose, { value: end });
}

/** Returns a name that no other test uses. The topic is not created. */
export function uniqueTopic(prefix = "test"): string {
  return `${prefix}-${crypto.randomUUID()}`;
}

/** The variables in which `deno task test` names its clusters. */
export const TEST_KAFKA = { 1: "WIKITAP_TEST_KAFKA", 3: "WIKITAP_TEST_KAFKA_3" } as const;

const own = new Map<1 | 3, Promise<string>>();

function shared(nodes: 1 | 3): Promise<string> {
  const given = Deno.env.get(TEST_KAFKA[nodes]);
  if (given) return Promise.resolve(given);
  const started = own.get(nodes) ?? startOwn(nodes);
  own.set(nodes, started);
  return started;
}

async function startOwn(nodes: 1 | 3): Promise<string> {
  const kafka = await startKafka({ directory: await fileFolder(), nodes, port: 0, heap: 256 });
  return kafka.bootstrapServers;
}
