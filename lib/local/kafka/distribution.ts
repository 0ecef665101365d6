import { UserError } from "../../shared/error.ts";
import { COPY_JARS, fetchByMaven, FETCHED } from "../java/maven.ts";
import { shell } from "../process/shell.ts";

/** The version of Apache Kafka that is fetched. */
export const KAFKA_VERSION = "4.2.2";

/** The version of its logging backend. Kafka's jars neither bring it nor name its version. */
const LOG4J_VERSION = "2.25.5";

/**
 * Returns the folder of Kafka's jars: `libs` of `KAFKA_HOME` if that is set, else
 * `.local/kafka-<version>/libs`, which Maven fetches once (45 MB).
 *
 * @throws {UserError} if `KAFKA_HOME` has no Kafka 4, or if Maven is not installed or fails.
 */
export async function kafkaLibs(signal?: AbortSignal): Promise<string> {
  const home = Deno.env.get("KAFKA_HOME");
  if (home) return checkedHome(home);
  const target = `${FETCHED}/kafka-${KAFKA_VERSION}`;
  await fetchByMaven({
    what: `Apache Kafka ${KAFKA_VERSION}`,
    service: "kafka",
    size: "45 MB",
    target,
    dependencies: DEPENDENCIES,
    args: COPY_JARS,
    isComplete: async (folder) => await versionIn(`${folder}/libs`) !== undefined,
    otherwise: "or set KAFKA_HOME to the folder of an unpacked Apache Kafka 4",
    signal,
  });
  return `${target}/libs`;
}

async function checkedHome(home: string): Promise<string> {
  const libs = `${home.replace(/\/+$/, "")}/libs`;
  const version = await versionIn(libs);
  if (version === undefined) {
    throw new UserError(`Cannot find Apache Kafka in KAFKA_HOME '${home}'`, {
      hint: "Set it to a folder with libs/kafka_2.13-….jar, or unset it",
    });
  }
  if (Number.parseInt(version) < 4) {
    throw new UserError(`Cannot use Kafka ${version} of KAFKA_HOME: expected 4 or newer`, {
      hint: "Set it to a Kafka of version 4, or unset it",
    });
  }
  return libs;
}

/**
 * Returns the version of the Kafka whose jars are in `libs`; `undefined` if there is none. It uses
 * the shell, which may read any folder that KAFKA_HOME names.
 */
async function versionIn(libs: string): Promise<string | undefined> {
  const { output } = await shell('for jar in "$1"/kafka_2.*.jar; do echo "${jar##*/}"; done', libs);
  return output.split("\n").map(kafkaVersion).find((version) => version !== undefined);
}

/** Parses the version in the name of the broker's own jar; `undefined` for other files. */
export function kafkaVersion(fileName: string): string | undefined {
  return /^kafka_2\.\d+-(\d+\.\d+\.\d+[\w.-]*)\.jar$/.exec(fileName)?.[1];
}

const DEPENDENCIES = `
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>${LOG4J_VERSION}</version>
    </dependency>
`;
