import { startKafka } from "../../../lib/local/kafka/start.ts";

/** A program of Java that cannot use the archive says nothing about that. */
const QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off";

/**
 * Makes an archive of Kafka's classes, as they are once a broker has loaded and verified them, and
 * lets all Java that this process and its children start use it (JEP 350). With it a broker takes
 * half of the processor time until it answers: of the 90 that all tests start, that is minutes.
 */
export async function useClassArchive(folder: string, signal: AbortSignal): Promise<void> {
  const archive = `${folder}/kafka.jsa`;
  Deno.env.set("JAVA_TOOL_OPTIONS", `-XX:ArchiveClassesAtExit=${archive} ${QUIET}`);
  const kafka = await startKafka({
    directory: `${folder}/kafka-archive`,
    port: 0,
    heap: 256,
    signal,
  });
  // It writes the archive at its end; `stop()` would not wait for that on a busy machine.
  Deno.kill(kafka.nodes[0]!.pid!, "SIGTERM");
  await kafka.ended;
  Deno.env.set("JAVA_TOOL_OPTIONS", `-XX:SharedArchiveFile=${archive} ${QUIET}`);
}
