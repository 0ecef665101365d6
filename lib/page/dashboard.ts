import { getLogger } from "@logtape/logtape";
import { type JsonValues, jsonValues } from "../avro/json_values.ts";
import type { Cluster } from "../kafka/client/cluster.ts";
import type { ReadRecord } from "../kafka/consume/read_options.ts";
import { readTopic } from "../kafka/consume/reader.ts";
import { Board } from "./board.ts";
import { Broadcast } from "./broadcast.ts";
import { ClusterFeed } from "./cluster/feed.ts";
import { decodeEdit } from "./decode.ts";
import { servePage } from "./server.ts";

/** The topic, the page and the end of a dashboard. */
export interface DashboardOptions {
  /** The topic whose edits are shown. */
  readonly topic: string;
  /** How far back the page looks, in ms; from 1 minute to 24 hours. */
  readonly history: number;
  /** TCP port of the page; 0 lets the system choose. */
  readonly port: number;
  /** Address or name to listen on. */
  readonly hostname: string;
  /** Converts Avro values to JSON. Default: Avro values are counted as not being edits. */
  readonly readable?: JsonValues;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called once, when Kafka has answered and the page can be opened. */
  readonly onReady: (url: string) => void;
}

/** The topic of the demo's synthetic edits, which the page marks as synthetic. */
export const SYNTHETIC_TOPIC = "wikipedia-events-synthetic";

const logger = getLogger(["wikitap", "dashboard"]);

/**
 * Serves the live page of a topic until `signal`: first the history, then new edits. If Kafka
 * becomes unavailable later, the page reports that, and continues when Kafka is back.
 *
 * @throws {UserError} if the port cannot be used, or if Kafka cannot be read at the start. Later,
 * for permanent failures such as a deleted topic, and if the schema registry is unavailable for 5 s
 * when a value needs it.
 */
export async function runDashboard(cluster: Cluster, options: DashboardOptions): Promise<void> {
  const { topic, history, port, hostname, signal, onReady } = options;
  const { readable = jsonValues(undefined) } = options;
  const invented = topic === SYNTHETIC_TOPIC;
  const board = new Board({ topic, window: history, invented });
  const broadcast = new Broadcast(board);
  const clusterFeed = new ClusterFeed(cluster, topic, invented);
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
