import { exchange } from "./exchange.ts";

/** What a broker says of its cluster. */
export interface ClusterView {
  readonly clusterId: string | null;
  /** The brokers that are registered and not fenced, in this broker's view. */
  readonly brokerIds: readonly number[];
}

/**
 * Asks the broker at 127.0.0.1:`port` for its view of the cluster: one Metadata request, version 4,
 * without topics (kafka.apache.org/protocol#The_Messages_Metadata).
 *
 * That a port accepts connections, or that the log says "started", proves less: the answer comes
 * from the broker's own copy of the metadata, and lists the brokers that the controller has let in.
 *
 * @returns `undefined` when nobody answers within 2 s, or what answers is no Kafka.
 */
export async function probe(port: number): Promise<ClusterView | undefined> {
  const answer = await exchange(port, METADATA_REQUEST);
  try {
    return answer && parseMetadata(answer);
  } catch {
    return undefined;
  }
}

/** Api key 3, version 4, correlation id 1, no client id, no topics, make none. */
const METADATA_REQUEST = Uint8Array.of(0, 3, 0, 4, 0, 0, 0, 1, 255, 255, 0, 0, 0, 0, 0);

/**
 * Reads the body of a Metadata response of version 4.
 *
 * @throws {RangeError} when it is cut short.
 */
export function parseMetadata(bytes: Uint8Array): ClusterView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8; // correlation id, throttle time
  const int32 = () => view.getInt32((at += 4) - 4);
  const string = () => {
    const length = view.getInt16((at += 2) - 2);
    if (length < 0) return null;
    at += length;
    if (at > bytes.length) throw new RangeError("Metadata response is cut short");
    return new TextDecoder().decode(bytes.subarray(at - length, at));
  };
  const brokerIds: number[] = [];
  for (let left = int32(); left > 0; left--) {
    brokerIds.push(int32());
    string(); // host
    int32(); // port
    string(); // rack
  }
  return { clusterId: string(), brokerIds };
}
