import { exchange } from "../../../lib/local/kafka/exchange.ts";

/**
 * Returns the state of a transaction at its coordinator: `Ongoing`, `PrepareCommit`,
 * `PrepareAbort`, `CompleteCommit`, `CompleteAbort`, `Empty`.
 *
 * @param ports The ports of all nodes on 127.0.0.1. The coordinator answers.
 * @returns `undefined` if none answers.
 */
export async function transactionState(
  ports: readonly number[],
  transactionalId: string,
): Promise<string | undefined> {
  const request = describeRequest(transactionalId);
  const answers = await Promise.all(ports.map((port) => exchange(port, request)));
  return answers.map((answer) => answer && readState(answer)).find((state) => state !== undefined);
}

/**
 * DescribeTransactions, version 0 (kafka.apache.org/protocol#The_Messages_DescribeTransactions).
 */
function describeRequest(transactionalId: string): Uint8Array {
  const id = new TextEncoder().encode(transactionalId);
  // Lengths here are varints of one byte, one higher than what they count.
  if (id.length > 126) throw new RangeError(`The id '${transactionalId}' is too long`);
  const header = [0, 65, 0, 0, 0, 0, 0, 1, 255, 255, 0];
  return Uint8Array.of(...header, 2, id.length + 1, ...id, 0);
}

/** Returns the first transaction's state; `undefined` for an error, as from other nodes. */
function readState(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Correlation id, tags, throttle time, number of transactions.
  let at = 4 + 1 + 4 + 1;
  const error = view.getInt16(at);
  if (error !== 0) return undefined;
  at += 2;
  at += view.getUint8(at); // the id
  const length = view.getUint8(at) - 1;
  return new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + length));
}
