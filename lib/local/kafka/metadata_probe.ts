import { ProtocolReader } from "../../kafka/requests/codec.ts";
import type { ClusterMetadata } from "../../kafka/requests/answers.ts";
import { metadataRequest } from "../../kafka/requests/metadata.ts";
import { exchange } from "./exchange.ts";

/**
 * Requests the cluster view of the broker at 127.0.0.1:`port`: one Metadata request without topics.
 *
 * An open port, or "started" in the log, proves less. This answer comes from the broker's own copy
 * of the metadata, and lists the brokers that the controller has admitted.
 *
 * @returns `undefined` if no answer of Kafka arrived within 2 s.
 */
export async function probeBroker(port: number): Promise<ClusterMetadata | undefined> {
  const answer = await exchange(port, METADATA_REQUEST);
  if (answer === undefined) return undefined;
  try {
    const reader = new ProtocolReader(answer);
    reader.int32(); // correlation id
    reader.end();
    return metadataRequest().decode(reader);
  } catch {
    return undefined;
  }
}

/** API key 3, version 12, correlation id 1, no client id; no topics; three empty fields. */
const METADATA_REQUEST = Uint8Array.of(0, 3, 0, 12, 0, 0, 0, 1, 255, 255, 0, 1, 0, 0, 0);
