import type { OpenSearchAddress } from "../../../lib/store/address.ts";

/** A request to the server. */
export interface FakeRequest {
  readonly method: string;
  /** The path without its leading slash, with the query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A server with the answers of a test. */
export interface FakeOpenSearch extends AsyncDisposable {
  readonly address: OpenSearchAddress;
  readonly requests: readonly FakeRequest[];
  /** Ends it at once, even during an answer. */
  abort(): Promise<void>;
}

/** Starts a server on 127.0.0.1. `answer` is called with each request. */
export function fakeOpenSearch(
  answer: (request: FakeRequest) => Response | Promise<Response>,
): FakeOpenSearch {
  const requests: FakeRequest[] = [];
  const over = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, signal: over.signal, onListen: () => {} };
  const server = Deno.serve(options, async (got) => {
    const { pathname, search } = new URL(got.url);
    const request = {
      method: got.method,
      path: `${pathname.slice(1)}${search}`,
      headers: got.headers,
      body: await got.text(),
    };
    requests.push(request);
    return await answer(request);
  });
  return {
    address: {
      kind: "opensearch",
      url: `http://127.0.0.1:${server.addr.port}`,
      index: "edits",
    },
    requests,
    abort() {
      over.abort();
      return server.finished;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Returns the ids of the documents in a request to `_bulk`. */
export function idsIn({ body }: FakeRequest): string[] {
  return body.split("\n").filter((line) => line.startsWith('{"index":{"_id"'))
    .map((line) => JSON.parse(line).index._id);
}

/** Returns an answer of `_bulk` with a status for each document. */
export function bulkAnswer(statuses: readonly number[], type = "some_exception"): Response {
  return Response.json({
    items: statuses.map((status) => ({
      index: status < 300 ? { status } : { status, error: { type, reason: `status ${status}` } },
    })),
  });
}
