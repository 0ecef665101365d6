import { COPY_JARS, fetchByMaven, FETCHED } from "../../../lib/local/java/maven.ts";
import { KAFKA_VERSION } from "../../../lib/local/kafka/distribution.ts";

/** The command-line tools of Kafka that tests use, by the names of their scripts. */
const TOOLS = {
  "kafka-configs": "org.apache.kafka.tools.ConfigCommand",
  "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
  "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
  "kafka-topics": "org.apache.kafka.tools.TopicCommand",
} as const;

/**
 * Runs a command-line tool of Kafka, and returns the words of each line that it prints. The tools
 * are fetched once (10 MB besides the broker's jars).
 *
 * @param input Text for its standard input.
 */
export async function kafkaTool(
  tool: keyof typeof TOOLS,
  args: readonly string[],
  input = "",
): Promise<string[][]> {
  const libs = await toolLibs();
  const command = new Deno.Command("java", {
    args: ["-XX:TieredStopAtLevel=1", "-cp", `${libs}/*`, TOOLS[tool], ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = command.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`${tool}: ${text}${new TextDecoder().decode(stderr)}`);
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "")
    .map((line) => line.split(/\s+/));
}

async function toolLibs(): Promise<string> {
  const target = `${FETCHED}/kafka-tools-${KAFKA_VERSION}`;
  await fetchByMaven({
    what: `the tools of Apache Kafka ${KAFKA_VERSION}`,
    service: "kafka",
    size: "10 MB",
    target,
    dependencies: `
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka-tools</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
`,
    args: COPY_JARS,
    isComplete: (folder) => exists(`${folder}/libs/kafka-tools-${KAFKA_VERSION}.jar`),
  });
  return `${target}/libs`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
