import { getLogger } from "@logtape/logtape";
import { type JsonValues, jsonValues } from "../avro/json_values.ts";
import type { Cluster } from "../kafka/client/cluster.ts";
import { type ReadRecord, readTopic } from "../kafka/consume/reader.ts";
import { Board } from "./board.ts";
import { Broadcast } from "./broadcast.ts";
import { ClusterFeed } from "./cluster/feed.ts";
import { decodeEdit } from "./decode.ts";
import { servePage } from "./server.ts";

export interface DashboardOptions {
  readonly topic: string;
  /** How far back the page looks, in ms; from 1 minute to 24 hours. */
  readonly history: number;
  /** The edits are invented, and the page says so. Default: no. */
  readonly invented?: boolean;
  /** TCP port of the page; 0 lets the system choose. */
  readonly port: number;
  /** Address or name to listen on. */
  readonly hostname: string;
  /** Makes JSON of values in Avro. Default: they count as what is no edit. */
  readonly readable?: JsonValues;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called once, when Kafka answers and the page can be opened. */
  readonly onReady: (url: string) => void;
}

const logger = getLogger(["wikitap", "dashboard"]);

/**
 * Serves the live page of a topic until `signal`: first the history, then what comes. When Kafka
 * goes away later, the page says so and goes on when it is back.
 *
 * @throws {UserError} when the port cannot be listened on, and when Kafka cannot be read at the
 *   start; later for what does not pass, such as a topic that was deleted, and for a schema registry
 *   that is away for 5 s when a value needs it.
 */
export async function runDashboard(cluster: Cluster, options: DashboardOptions): Promise<void> {
  const { topic, history, invented, port, hostname, signal, onReady } = options;
  const { readable = jsonValues(undefined) } = options;
  const board = new Board({ topic, window: history, invented: invented ?? false });
  const broadcast = new Broadcast(board);
  const clusterFeed = new ClusterFeed(cluster, topic);
  const server = servePage({
    port,
    hostname,
    feeds: { "/events": broadcast, "/kafka/events": clusterFeed },
  });
  const stop = new AbortController();
  const looking = clusterFeed.run(AbortSignal.any([signal, stop.signal]));
  let isReady = false;
  try {
    await readTopic(cluster, {
      topic,
      from: { time: Date.now() - history },
      groupPrefix: "wikitap-dashboard",
      signal,
      handle: async ({ records }) => count(await readable(records), board),
      onAnswer: () => {
        board.answered(Date.now());
        if (!isReady) onReady(server.url);
        isReady = true;
      },
      onCaughtUp: () => {
        board.caughtUp();
        broadcast.refresh();
        logger.debug("The history of '{topic}' is read", { topic });
      },
    });
  } finally {
    stop.abort();
    await Promise.all([server.stop(), looking]);
  }
}

function count(records: readonly ReadRecord[], board: Board): void {
  const now = Date.now();
  for (const { value } of records) {
    const edit = decodeEdit(value);
    if (edit === undefined) board.addJunk();
    else board.add(edit, now);
  }
}
