/** The time limit of a request with its answer, in ms. */
const TIMEOUT = 2000;
/** The maximum size of an answer in bytes. A longer one is not Kafka's. */
const LONGEST_ANSWER = 1024 * 1024;

/**
 * Sends one request to the broker at 127.0.0.1:`port`, on a new connection.
 *
 * @param request The request without its leading length.
 * @returns The answer without its length; `undefined` if no answer of Kafka arrived within 2 s.
 */
export async function exchange(
  port: number,
  request: Uint8Array,
): Promise<Uint8Array | undefined> {
  let connection: Deno.TcpConn | undefined;
  const close = () => {
    try {
      connection?.close();
    } catch { /* closed already */ }
  };
  // Before the connection is accepted, there is nothing to close.
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    close();
  }, TIMEOUT);
  try {
    connection = await Deno.connect({ hostname: "127.0.0.1", port, signal: late.signal });
    const framed = new Uint8Array(4 + request.length);
    new DataView(framed.buffer).setInt32(0, request.length);
    framed.set(request, 4);
    await writeAll(connection, framed);
    const length = new DataView((await readExactly(connection, 4)).buffer).getInt32(0);
    if (length < 0 || length > LONGEST_ANSWER) return undefined;
    return await readExactly(connection, length);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    close();
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
}

async function readExactly(from: Deno.TcpConn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await from.read(bytes.subarray(at));
    if (count === null) throw new Error("Connection closed");
    at += count;
  }
  return bytes;
}
