import { UserError } from "../../shared/error.ts";
import { NOT_FOUND, shell } from "../process/shell.ts";

/** The oldest Java that runs the brokers of Kafka 4 (KIP-1013). */
const OLDEST = 17;

const HINT =
  `Install Java ${OLDEST} or newer (for example 'apt install openjdk-17-jre-headless' or ` +
  `'brew install openjdk'), or set JAVA_HOME`;

/**
 * A command that runs `java` with at most `heap` MiB of heap: up in a third of the time, and in less
 * memory, than with Java's own settings, which are for long and heavy work.
 */
export function javaCommand(java: string, heap: number, ...args: readonly string[]): string[] {
  return [java, `-Xmx${heap}m`, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...args];
}

/**
 * The `java` to run: of `JAVA_HOME` where that is set, else of the PATH.
 *
 * @throws {UserError} when there is none, or one older than 17.
 */
export async function findJava(): Promise<string> {
  const home = Deno.env.get("JAVA_HOME");
  const java = home ? `${home}/bin/java` : "java";
  const { code, output } = await shell('"$1" -version', java);
  const details = output.trim().split("\n").slice(0, 5);
  if (code === NOT_FOUND) {
    throw new UserError(
      home ? `There is no Java at '${java}', which JAVA_HOME names` : "There is no Java",
      { hint: HINT },
    );
  }
  const version = javaVersion(output);
  // macOS has a 'java' that only says that there is none.
  if (code !== 0 || version === undefined) {
    throw new UserError(`'${java} -version' does not tell its version`, { details, hint: HINT });
  }
  if (version < OLDEST) {
    throw new UserError(`Java ${version} is too old: Kafka 4 needs ${OLDEST}`, { hint: HINT });
  }
  return java;
}

/** The feature release in what `java -version` prints: 17 for `"17.0.15"`, 8 for `"1.8.0_412"`. */
export function javaVersion(text: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return Number(first === "1" ? second : first);
}
