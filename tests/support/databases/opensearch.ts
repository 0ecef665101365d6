import { DatabaseSync } from "node:sqlite";
import { findJava, javaCommand } from "../../../lib/local/java/java.ts";
import { COPY_JARS, fetchByMaven, FETCHED } from "../../../lib/local/java/maven.ts";
import { freePort } from "../../../lib/local/process/ports.ts";
import { supervise, type Supervised } from "../../../lib/local/process/process.ts";
import { type OpenSearchAddress, parseDatabase } from "../../../lib/store/address.ts";
import { indexNames } from "../../../lib/store/sinks/opensearch/indices.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { createTables, insertRow } from "./tables.ts";
import { fileFolder } from "../tools/folder.ts";

const VERSION = "2.19.6";
const TARGET = `${FETCHED}/opensearch-${VERSION}`;
const DEPENDENCIES = [
  ["org.opensearch", "opensearch", VERSION],
  ["org.opensearch.plugin", "transport-netty4-client", VERSION],
  // The server needs it, but does not contain it.
  ["org.apache.logging.log4j", "log4j-core", "2.25.4"],
].map(([group, artifact, version]) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
  `<version>${version}</version></dependency>`
).join("");

/** The maximum size of Java's heap, in MiB. */
const HEAP = 512;
/** How long a start may take, in ms: 7 s on an idle machine. */
const START_LIMIT = 120_000;

/** The program that runs a node: one Java file, which `java` compiles itself. */
const PROGRAM = new URL("OpenSearchNode.java", import.meta.url).pathname;

/** The variable in which `deno task test` names its cluster. */
export const TEST_OPENSEARCH = "WIKITAP_TEST_OPENSEARCH";

/**
 * Returns a real OpenSearch of one node on 127.0.0.1 for all tests of a file, from Maven (45 MB,
 * once). Call it at the top of the file, like `testKafka()`. `deno task test` has one for all
 * files.
 */
export async function testOpenSearch(): Promise<TestOpenSearch> {
  const given = Deno.env.get(TEST_OPENSEARCH);
  return given ? new TestOpenSearch(given) : await ownOpenSearch(await fileFolder());
}

/**
 * Starts a separate server, for tests that kill it.
 *
 * @param directory The folder of its data and log.
 */
export async function ownOpenSearch(
  directory: string,
  signal?: AbortSignal,
): Promise<OwnOpenSearch> {
  await Deno.mkdir(directory, { recursive: true });
  const server = new OwnOpenSearch(directory, await libs(signal));
  await server.start(signal);
  return server;
}

/** A cluster, and functions that read it. */
export class TestOpenSearch {
  /** The URL of the cluster, without a trailing slash. */
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Returns a new database, as the value of `--database`. */
  database(): OpenSearchAddress {
    const address = parseDatabase(`opensearch:${this.url}/edits-${crypto.randomUUID()}`);
    if (address.kind !== "opensearch") throw new Error("another kind");
    return address;
  }

  /** Sends a request with JSON or lines of JSON. */
  async request(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
    });
    return await response.json();
  }

  /** Returns the documents of an index, unordered; none if the index does not exist. */
  async documents(index: string): Promise<Record<string, unknown>[]> {
    await this.request("POST", `${index}/_refresh`);
    const found: Record<string, unknown>[] = [];
    let after: unknown[] | undefined;
    while (true) {
      const answer = await this.request("POST", `${index}/_search`, {
        size: 5000,
        sort: [{ partition: "asc" }, { record_offset: "asc" }, { topic_id: "asc" }],
        ...after === undefined ? {} : { search_after: after },
      });
      const { hits } = (answer.hits ?? { hits: [] }) as {
        hits: { _id: string; _source: Record<string, unknown>; sort: unknown[] }[];
      };
      if (hits.length === 0) return found;
      found.push(...hits.map(({ _id, _source }) => ({ ..._source, _id })));
      after = hits.at(-1)!.sort;
    }
  }

  /** Returns a database as tables in memory, like those of the other databases. */
  async load(address: OpenSearchAddress): Promise<DatabaseSync> {
    const tables = new DatabaseSync(":memory:");
    createTables(tables);
    const names = indexNames(address);
    const mapping = await this.request("GET", `${names.state}/_mapping`);
    const { mappings } = (mapping[names.state] ?? {}) as {
      mappings?: { _meta: { wikitap: { version: number } } };
    };
    const version = mappings?._meta.wikitap.version ?? null;
    tables.prepare("INSERT INTO wikitap VALUES (?)").run(version);
    for (const [table, index] of [["edits", names.edits], ["bad_records", names.bad]] as const) {
      for (const { time, value, _id, topic_id: _, ...row } of await this.documents(index)) {
        insertRow(tables, table, {
          ...row,
          ...time === undefined ? {} : { time_ms: Date.parse(time as string) },
          ...value === undefined ? {} : { value: Uint8Array.fromBase64(value as string) },
        });
      }
    }
    return tables;
  }
}

/** A cluster that this process started, and that ends with it. */
export class OwnOpenSearch extends TestOpenSearch {
  readonly #directory: string;
  readonly #libs: string;
  readonly #ports: readonly [http: number, transport: number];
  #process: Supervised | undefined;

  constructor(directory: string, libs: string) {
    const ports = [freePort(), freePort()] as const;
    super(`http://127.0.0.1:${ports[0]}`);
    this.#directory = directory;
    this.#libs = libs;
    this.#ports = ports;
  }

  /** Waits until all of its indices can be read and written. */
  async start(signal?: AbortSignal): Promise<void> {
    const output = `${this.#directory}/server.log`;
    const command = javaCommand(
      await findJava(),
      HEAP,
      "-cp",
      `${this.#libs}/*`,
      PROGRAM,
      `${this.#directory}/home`,
      ...this.#ports.map(String),
    );
    const started = await supervise(command, { output, signal });
    let hasEnded = false;
    started.exited.then(() => hasEnded = true);
    this.#process = started;
    const deadline = Date.now() + START_LIMIT;
    const health = `${this.url}/_cluster/health?wait_for_status=yellow&timeout=5s`;
    while (!hasEnded && Date.now() < deadline) {
      const response = await fetch(health).catch(() => undefined);
      await response?.body?.cancel();
      if (response?.ok) return;
      await sleep(100);
    }
    throw new Error(`OpenSearch does not start: ${await Deno.readTextFile(output)}`);
  }

  /** Ends it cleanly, or like a crash. */
  async stop(signal: "TERM" | "KILL" = "TERM"): Promise<void> {
    await this.#process?.signal(signal);
    await this.#process?.exited;
    this.#process = undefined;
  }
}

/** Returns the folder of the jars. Maven fetches missing ones. */
async function libs(signal: AbortSignal | undefined): Promise<string> {
  await fetchByMaven({
    what: `OpenSearch ${VERSION}`,
    service: "opensearch",
    size: "45 MB",
    target: TARGET,
    args: COPY_JARS,
    dependencies: DEPENDENCIES,
    isComplete,
    signal,
  });
  return await Deno.realPath(`${TARGET}/libs`);
}

async function isComplete(folder: string): Promise<boolean> {
  const jar = await Deno.stat(`${folder}/libs/opensearch-${VERSION}.jar`).catch(() => undefined);
  return jar !== undefined;
}
