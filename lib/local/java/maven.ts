import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { supervise } from "../process/process.ts";
import { remove } from "../process/remove.ts";
import { tail } from "../process/tail.ts";
import { withProgressLog } from "../process/progress_log.ts";

/** Where what is fetched is kept, by version. */
export const FETCHED = ".local";

const log = getLogger(["wikitap", "maven"]);

/** What Maven is to fetch. */
export interface MavenFetch {
  /** Its name, for errors. */
  readonly what: string;
  /** The folder that is there, complete, when it is done. */
  readonly target: string;
  /** The goal and its settings; paths are from the folder that becomes `target`. */
  readonly args: readonly string[];
  /** `<dependency>` elements of the `pom.xml` that Maven works by. */
  readonly dependencies?: string;
  /** Whether all is there. */
  readonly isComplete: (folder: string) => Promise<boolean>;
  /** What else can be done, as the end of a sentence: `or set …`. */
  readonly otherwise?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches by Maven into a folder beside `target` and renames that, so that a half-fetched one never
 * counts.
 *
 * @throws {UserError} when there is no Maven, or it fails.
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
    throw new UserError(`There is no Maven ('mvn'), which fetches ${what}`, {
      hint: `Install it (for example 'apt install maven' or 'brew install maven')${otherwise}`,
    });
  }
  if (code !== 0 || !await isComplete(partial)) {
    throw new UserError(`Maven could not fetch ${what}: exit code ${code}`, {
      details: await tail(output, 8),
      hint: `It needs the network, once; try again${otherwise}`,
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
