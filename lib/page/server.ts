import { getLogger } from "@logtape/logtape";
import { addressOf, closeServer, listen, textResponse } from "../http/server.ts";
import { staticFiles } from "./static_files.ts";
import { StalledPage } from "./subscriber.ts";

export interface PageServerOptions {
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
  /** Address or name to listen on. */
  readonly hostname: string;
  /** By path, what server-sent events come from. */
  readonly feeds: Readonly<Record<string, Feed>>;
}

/** A source of server-sent events for many pages. */
export interface Feed {
  /** Returns the body of one more response, `undefined` if there are too many. */
  subscribe(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  /** Ends all responses. */
  close(): void;
}

export interface PageServer {
  /** The page's address. */
  readonly url: string;
  /** Ends all responses, the broadcast's too, and closes the port: in a second at the most. */
  stop(): Promise<void>;
}

const logger = getLogger(["wikitap", "dashboard"]);

/**
 * Serves the page: `GET /`, `/kafka`, the files they are made of, and the events of `feeds`.
 *
 * @throws {UserError} when the port is in use, or may not be listened on.
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
  return textResponse(500, "This is a defect of the dashboard");
}

function answer(request: Request, feeds: PageServerOptions["feeds"]): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return textResponse(405, "Only GET and HEAD", { allow: "GET, HEAD" });
  }
  const { pathname } = new URL(request.url);
  const feed = Object.hasOwn(feeds, pathname) ? feeds[pathname] : undefined;
  if (feed !== undefined) return events(request.method, feed);
  const file = staticFiles.get(pathname);
  if (file === undefined) return textResponse(404, "There is nothing here");
  const headers = { "content-type": file.type, "cache-control": "no-cache" };
  return new Response(request.method === "HEAD" ? null : file.content, { headers });
}

function events(method: string, feed: Feed): Response {
  // A compressor, or a proxy that gathers, would hold frames back.
  const headers = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  };
  if (method === "HEAD") return new Response(null, { headers });
  const body = feed.subscribe();
  if (body === undefined) {
    return textResponse(503, "Too many pages are open", { "retry-after": "10" });
  }
  return new Response(body, { headers });
}

/** Nothing from elsewhere, nothing inline, nobody's frame, and no word to the pages linked to. */
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
