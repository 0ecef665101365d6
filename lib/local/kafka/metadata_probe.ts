import { exchange } from "./exchange.ts";

/** The cluster as a broker describes it. */
export interface ProbedCluster {
  /** Kafka's id of the cluster. */
  readonly clusterId: string | null;
  /** The brokers that are registered and not fenced, in this broker's view. */
  readonly brokerIds: readonly number[];
}

/**
 * Requests the cluster view of the broker at 127.0.0.1:`port`: one Metadata request, version 4,
 * without topics (kafka.apache.org/protocol#The_Messages_Metadata).
 *
 * An open port, or "started" in the log, proves less. This answer comes from the broker's own copy
 * of the metadata, and lists the brokers that the controller has admitted.
 *
 * @returns `undefined` if no answer came within 2 s, or none of Kafka's.
 */
export async function probeBroker(port: number): Promise<ProbedCluster | undefined> {
  const answer = await exchange(port, METADATA_REQUEST);
  try {
    return answer && parseMetadata(answer);
  } catch {
    return undefined;
  }
}

/** Api key 3, version 4, correlation id 1, no client id, no topics, no creation of topics. */
const METADATA_REQUEST = Uint8Array.of(0, 3, 0, 4, 0, 0, 0, 1, 255, 255, 0, 0, 0, 0, 0);

/**
 * Parses the body of a Metadata response of version 4.
 *
 * @throws {RangeError} if it is incomplete.
 */
export function parseMetadata(bytes: Uint8Array): ProbedCluster {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8; // correlation id, throttle time
  const int32 = () => view.getInt32((at += 4) - 4);
  const string = () => {
    const length = view.getInt16((at += 2) - 2);
    if (length < 0) return null;
    at += length;
    if (at > bytes.length) {
      throw new RangeError("Cannot read the Metadata response: it is incomplete");
    }
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
