import { getLogger } from "@logtape/logtape";
import { addressOf, closeServer, listen, textResponse } from "../http/server.ts";
import { staticFiles } from "./static_files.ts";
import { StalledPage } from "../http/subscriber.ts";

/** The address and the sources of the page. */
export interface PageServerOptions {
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
  /** Address or name to listen on. */
  readonly hostname: string;
  /** The sources of server-sent events, by path. */
  readonly feeds: Readonly<Record<string, PageFeed>>;
}

/** A source of server-sent events for many pages. */
export interface PageFeed {
  /** Returns the body of one more response; `undefined` if there are too many. */
  subscribe(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  /** Ends all responses. */
  close(): void;
}

/** The server of the page. */
export interface PageServer {
  /** The page's address. */
  readonly url: string;
  /** Ends all responses, including those of the feeds, and closes the port: within a second. */
  stop(): Promise<void>;
}

const logger = getLogger(["wikitap", "dashboard"]);

/**
 * Serves the page: `GET /`, `/kafka`, their files, and the events of `feeds`.
 *
 * @throws {UserError} if the port is in use or not permitted.
 */
export function servePage({ port, hostname, feeds }: PageServerOptions): PageServer {
  const flags = { port: "--port", hostname: "--host" };
  const server = listen({ port, hostname, what: "the page", flags, onError }, (request) => {
    const response = answer(request, feeds);
    for (const [name, value] of SECURITY_HEADERS) response.headers.set(name, value);
    return response;
  });
  return {
    url: `${addressOf(server)}/`,
    stop: async () => {
      for (const feed of Object.values(feeds)) feed.close();
      await closeServer(server);
    },
  };
}

function onError(error: unknown): Response {
  if (!(error instanceof StalledPage)) logger.error("Cannot answer a request: {error}", { error });
  return textResponse(500, "Cannot answer the request: this is a bug in wikitap");
}

function answer(request: Request, feeds: PageServerOptions["feeds"]): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return textResponse(405, "Cannot answer the request: expected GET or HEAD", {
      allow: "GET, HEAD",
    });
  }
  const { pathname } = new URL(request.url);
  const feed = Object.hasOwn(feeds, pathname) ? feeds[pathname] : undefined;
  if (feed !== undefined) return events(request.method, feed);
  const file = staticFiles.get(pathname);
  if (file === undefined) return textResponse(404, "Not found");
  const headers = { "content-type": file.type, "cache-control": "no-cache" };
  return new Response(request.method === "HEAD" ? null : file.content, { headers });
}

function events(method: string, feed: PageFeed): Response {
  // A compressor or a buffering proxy would delay frames.
  const headers = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  };
  if (method === "HEAD") return new Response(null, { headers });
  const body = feed.subscribe();
  if (body === undefined) {
    return textResponse(503, "Cannot serve the page: too many pages are open", {
      "retry-after": "10",
    });
  }
  return new Response(body, { headers });
}

/** No foreign or inline content, no embedding in other pages, no referrer for linked pages. */
const SECURITY_HEADERS = Object.entries({
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
});
