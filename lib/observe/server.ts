import { getLogger } from "@logtape/logtape";
import { addressOf, listen, textResponse } from "../http/server.ts";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";

/** Options of {@linkcode serveObservations}. */
export interface ObserveServerOptions {
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
  /** Address or name to listen on. */
  readonly hostname: string;
  /** The metrics of `/metrics`. */
  readonly metrics: Metrics;
  /** The check of `/health/live`: whether the program must be restarted. */
  readonly live: () => Health;
  /** The check of `/health/ready`: whether the program does its work. */
  readonly ready: () => Health;
}

/** A running server. Disposing of it stops it. */
export interface ObserveServer extends AsyncDisposable {
  /** The URL of the server: `http://127.0.0.1:9464`. */
  readonly url: string;
}

/**
 * Serves `/metrics` for Prometheus, and `/health/live` and `/health/ready` as JSON with `status`
 * and `reasons`, with status 200 or 503.
 *
 * @throws {UserError} if the port is in use or not permitted.
 */
export function serveObservations(options: ObserveServerOptions): ObserveServer {
  const { port, hostname } = options;
  const closing = new AbortController();
  const server = listen({
    port,
    hostname,
    what: "metrics",
    onError,
    signal: closing.signal,
    flags: { port: "--metrics-port", hostname: "--metrics-host" },
  }, (request) => answer(request, options));
  return {
    url: addressOf(server),
    [Symbol.asyncDispose]: async () => {
      // Closes open connections too, so that a slow client cannot delay the end.
      closing.abort();
      await server.finished;
    },
  };
}

function onError(error: unknown): Response {
  getLogger(["wikitap", "metrics"]).error("Cannot answer a request: {error}", { error });
  return text(500, "This is a bug in wikitap");
}

async function answer(request: Request, options: ObserveServerOptions): Promise<Response> {
  const { metrics, live, ready } = options;
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text(405, "Use GET or HEAD", { allow: "GET, HEAD" });
  }
  switch (new URL(request.url).pathname) {
    case "/metrics":
      return text(200, await metrics.text(), { "content-type": metrics.contentType });
    case "/health/live":
      return healthResponse(live());
    case "/health/ready":
      return healthResponse(ready());
    default:
      return text(404, "Not found; use /metrics, /health/live or /health/ready");
  }
}

function healthResponse({ isHealthy, reasons }: Health): Response {
  const body = JSON.stringify({ status: isHealthy ? "ok" : "unavailable", reasons });
  return text(isHealthy ? 200 : 503, body, { "content-type": "application/json" });
}

function text(status: number, text: string, headers: Record<string, string> = {}): Response {
  const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  return textResponse(status, text, { ...always, ...headers });
}
