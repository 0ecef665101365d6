import { fetchByMaven, FETCHED } from "../java/maven.ts";

/**
 * The version of Apicurio Registry that is fetched: the last line with Confluent's API and its own
 * H2.
 */
const VERSION = "2.5.11.Final";

const UNPACK = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack";
const ARTIFACT = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;

/** The folder of the fetched registry. */
const TARGET = `${FETCHED}/apicurio-${VERSION}`;

/** Returns the path of the registry's jar in `folder`. */
function jarIn(folder: string): string {
  return `${folder}/apicurio-registry-app-${VERSION}-runner.jar`;
}

/** Returns the jar of a registry that was fetched before, if there is one. */
export async function fetchedRegistry(): Promise<string | undefined> {
  const jar = jarIn(TARGET);
  return await isFile(jar) ? await Deno.realPath(jar) : undefined;
}

/**
 * Returns the jar of a schema registry. Maven fetches it if it is missing (140 MB, once).
 *
 * @throws {UserError} if Maven is not installed or fails.
 */
export async function registryJar(signal?: AbortSignal): Promise<string> {
  await fetchByMaven({
    what: `Apicurio Registry ${VERSION}`,
    service: "registry",
    size: "140 MB",
    target: TARGET,
    args: [UNPACK, `-Dartifact=${ARTIFACT}`, "-DoutputDirectory=."],
    isComplete: (folder) => isFile(jarIn(folder)),
    signal,
  });
  return await Deno.realPath(jarIn(TARGET));
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
