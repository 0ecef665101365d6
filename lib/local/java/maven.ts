import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { lockFile } from "../process/lock.ts";
import { supervise } from "../process/process.ts";
import { remove } from "../process/remove.ts";
import { tail } from "../process/tail.ts";
import { withProgressLog } from "../process/progress_log.ts";

/** The folder of everything that is fetched; it has a folder per version. */
export const FETCHED = ".local";

/**
 * The goal that copies the dependencies into the folder `libs`, with a pinned version like theirs.
 */
export const COPY_JARS: readonly string[] = [
  "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
  "-DincludeScope=runtime",
  "-DoutputDirectory=libs",
];

/** An artifact for Maven to fetch. */
export interface MavenFetch {
  /** Its name, for messages. */
  readonly what: string;
  /** The service that needs it, which logs the fetch: `kafka`. */
  readonly service: string;
  /** The size of the download, for the log: `45 MB`. */
  readonly size: string;
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
 * Fetches with Maven, unless `target` is complete. Processes that fetch the same wait for each
 * other.
 *
 * @throws {UserError} if Maven is not installed or fails.
 */
export async function fetchByMaven(fetch: MavenFetch): Promise<void> {
  const { what, service, size, target, isComplete, signal } = fetch;
  if (await isComplete(target)) return;
  const log = getLogger(["wikitap", service]);
  await Deno.mkdir(FETCHED, { recursive: true });
  using _lock = await lockFile(`${target}.lock`, {
    signal,
    onWait: () => log.info(`Waiting for another process that fetches ${what}`),
  });
  if (await isComplete(target)) return;
  log.info(`Fetching ${what} with Maven (${size}, once)`);
  await runMaven(
    fetch,
    (seconds) => log.info(`Still fetching ${what}, for {seconds} s`, { seconds }),
  );
}

/** Fetches into a folder next to the target and renames it: an incomplete fetch never counts. */
async function runMaven(fetch: MavenFetch, onWait: (seconds: number) => void): Promise<void> {
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
  const code = await withProgressLog(maven.exited, onWait);
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
