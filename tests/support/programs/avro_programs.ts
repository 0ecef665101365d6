import { assertEquals } from "@std/assert";
import { syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import { type ProducerOptions, serve, startProducer } from "../kafka/produce.ts";
import { type Ended, runProgram } from "./program.ts";

/** The first minute of a year. */
export const START = Date.UTC(2026, 0, 1);
export const FROM_START = ["--since", String(START - 1000)];
/** The events that producers of these tests read. */
export const log = syntheticLog({ start: START, rate: 40, count: 1000 });

/** Programs that write and read Avro; without an address of its own each uses this registry. */
export function avroPrograms(kafka: string, registry: string) {
  /** Runs a producer, on an upstream of its own unless one is given. */
  async function produce(
    options: Omit<ProducerOptions, "kafka" | "url"> & { readonly url?: string },
  ): Promise<Ended> {
    await using upstream = serve(log);
    await using producer = startProducer({ kafka, url: upstream.url, ...options });
    return await producer.ended;
  }

  async function published(options: Parameters<typeof produce>[0]): Promise<void> {
    const { code, stderr } = await produce(options);
    assertEquals(code, 0, stderr);
  }

  function consume(topic: string, args: string[], at = registry): Promise<Ended> {
    const hosts = [kafka, ...at === "" ? [] : [new URL(at).host]];
    const permissions = ["-P=consume", `--allow-net=${hosts.join(",")}`];
    const from = ["--bootstrap-server", kafka, "--topic", topic, "--from-beginning"];
    const schemas = at === "" ? [] : ["--schema-registry", at];
    return runProgram("scripts/consume.ts", [...from, ...schemas, ...args], { permissions });
  }

  return { produce, published, consume };
}

/** The lines of an output. */
export const lines = (text: string) => text.trimEnd().split("\n");
