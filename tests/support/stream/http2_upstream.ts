import { constants, createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Certificate } from "../tools/certificates.ts";

/** How a connection is ended, once it has carried a number of bytes. */
export type Http2Fault =
  /** RST_STREAM with INTERNAL_ERROR. */
  | "reset"
  /** RST_STREAM with NO_ERROR, as a server ends a response that it will not finish. */
  | "reset without error"
  /** GOAWAY; streams that are open go on. */
  | "go away"
  /** GOAWAY with ENHANCE_YOUR_CALM, and the TCP connection is closed. */
  | "enhance your calm"
  /** The TCP connection is closed without a word. */
  | "destroy";

export interface Http2Upstream extends AsyncDisposable {
  readonly url: string;
  /** TCP connections so far. */
  readonly sessions: number;
}

/**
 * Serves HTTP/2 over TLS, and passes requests on to a plain server, with faults that only this
 * protocol has.
 *
 * @param plainUrl The address of a stream of that server.
 * @param faults For each request in order; later ones go well.
 */
export async function serveHttp2(
  plainUrl: string,
  { cert, key }: Certificate,
  faults: readonly Http2Fault[],
  afterBytes = 20_000,
): Promise<Http2Upstream> {
  const server = createSecureServer({ cert, key });
  const ends = new AbortController();
  const running = new Set<Promise<void>>();
  let sessions = 0;
  let requests = 0;
  server.on("session", (session) => {
    sessions++;
    ends.signal.addEventListener("abort", () => session.destroy());
  });
  server.on("stream", (stream, headers) => {
    const url = new URL(String(headers[":path"]), plainUrl);
    const passed = Object.entries(headers).filter(([name]) =>
      /^(user-agent|last-event-id)$/.test(name)
    );
    const request = { headers: passed as [string, string][], signal: ends.signal };
    const running_ = pass(stream, fetch(url, request), faults[requests++], afterBytes);
    running.add(running_);
    running_.finally(() => running.delete(running_));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}${new URL(plainUrl).pathname}`,
    get sessions() {
      return sessions;
    },
    async [Symbol.asyncDispose]() {
      ends.abort();
      await Promise.all(running);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function pass(
  stream: ServerHttp2Stream,
  response: Promise<Response>,
  fault: Http2Fault | undefined,
  afterBytes: number,
): Promise<void> {
  stream.on("error", () => {});
  let bytes = 0;
  try {
    const { status, headers, body } = await response;
    const type = headers.get("content-type") ?? "";
    stream.respond({ ":status": status, "content-type": type });
    for await (const chunk of body!) {
      if (stream.closed) return;
      stream.write(chunk);
      bytes += chunk.length;
      if (fault === undefined || bytes < afterBytes) continue;
      end(stream, fault);
      if (fault !== "go away") return;
      fault = undefined;
    }
    stream.end();
  } catch {
    stream.close();
  }
}

function end(stream: ServerHttp2Stream, fault: Http2Fault): void {
  const { session } = stream;
  switch (fault) {
    case "reset":
      return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    case "reset without error":
      return stream.close(constants.NGHTTP2_NO_ERROR);
    case "go away":
      return session?.goaway(constants.NGHTTP2_NO_ERROR);
    case "enhance your calm":
      return session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    case "destroy":
      return session?.destroy();
  }
}
