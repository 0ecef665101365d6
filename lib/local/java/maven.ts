import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { supervise } from "../process/process.ts";
import { remove } from "../process/remove.ts";
import { tail } from "../process/tail.ts";
import { withProgressLog } from "../process/progress_log.ts";

/** The folder of everything that is fetched; it has a folder per version. */
export const FETCHED = ".local";

const log = getLogger(["wikitap", "maven"]);

/** An artifact for Maven to fetch. */
export interface MavenFetch {
  /** Its name, for messages. */
  readonly what: string;
  /** The folder that exists, complete, after the fetch. */
  readonly target: string;
  /** The goal and its settings. Paths are relative to the folder that becomes `target`. */
  readonly args: readonly string[];
  /** `<dependency>` elements of Maven's `pom.xml`. */
  readonly dependencies?: string;
  /** Returns whether a folder has everything. */
  readonly isComplete: (folder: string) => Promise<boolean>;
  /** An alternative, as the end of a hint: `or set …`. */
  readonly otherwise?: string;
  /** Ends the fetch. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches with Maven into a folder next to `target` and renames it, so that an incomplete fetch
 * never counts.
 *
 * @throws {UserError} if Maven is not installed or fails.
 */
export async function fetchByMaven(fetch: MavenFetch): Promise<void> {
  const { what, target, args, dependencies = "", isComplete, signal } = fetch;
  const otherwise = fetch.otherwise === undefined ? "" : `, ${fetch.otherwise}`;
  const partial = `${target}.partial`;
  await remove(partial);
  await Deno.mkdir(partial);
  await Deno.writeTextFile(`${partial}/pom.xml`, pom(dependencies));
  const output = `${partial}/maven.log`;
  await using maven = await supervise(["mvn", "-B", "-q", "-f", `${partial}/pom.xml`, ...args], {
    output,
    signal,
  });
  const code = await withProgressLog(maven.exited, (seconds) => {
    log.info("Still fetching {what}, for {seconds} s", { what, seconds });
  });
  signal?.throwIfAborted();
  if (code === 127) {
    throw new UserError(`Cannot fetch ${what}: Maven ('mvn') is not installed`, {
      hint: `Install it (for example 'apt install maven' or 'brew install maven')${otherwise}`,
    });
  }
  if (code !== 0 || !await isComplete(partial)) {
    throw new UserError(`Cannot fetch ${what}: Maven ended with exit code ${code}`, {
      details: await tail(output, 8),
      hint: `Check the network and try again${otherwise}`,
    });
  }
  await remove(target);
  await Deno.rename(partial, target);
}

function pom(dependencies: string): string {
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>wikitap</groupId>
  <artifactId>local</artifactId>
  <version>1</version>
  <dependencies>${dependencies}</dependencies>
</project>
`;
}
