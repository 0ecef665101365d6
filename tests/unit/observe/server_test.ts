import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/shared/error.ts";
import { EventLoopWatch } from "../../../lib/observe/event_loop.ts";
import { healthFrom } from "../../../lib/observe/health.ts";
import { Metrics } from "../../../lib/observe/metrics.ts";
import { addProcessMetrics } from "../../../lib/observe/process_metrics.ts";
import { type ObserveServerOptions, serveObservations } from "../../../lib/observe/server.ts";
import { gatherLog } from "../../support/programs/logged.ts";
import { familiesOf, valueOf } from "../../support/programs/prometheus.ts";

function options(more: Partial<ObserveServerOptions> = {}): ObserveServerOptions {
  const well = () => healthFrom([]);
  return {
    port: 0,
    hostname: "127.0.0.1",
    metrics: new Metrics(),
    live: well,
    ready: well,
    ...more,
  };
}

Deno.test("serveObservations() serves process metrics for Prometheus", async () => {
  using loop = new EventLoopWatch();
  const metrics = new Metrics();
  addProcessMetrics(metrics, loop);
  await using server = serveObservations(options({ metrics }));
  const response = await fetch(`${server.url}/metrics`);
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const families = familiesOf(await response.text());
  const value = (name: string) => valueOf(families, name) ?? NaN;
  assert(value("process_resident_memory_bytes") > 1e6);
  assert(value("process_heap_bytes") > 1e5);
  assert(value("process_cpu_seconds_total") > 0);
  assert(Math.abs(value("process_start_time_seconds") - Date.now() / 1000) < 3600);
  assert(value("wikitap_event_loop_delay_seconds") >= 0);
  assertEquals(value("wikitap_build_info"), 1);
});

Deno.test("serveObservations() serves health as JSON, with 200 or 503", async () => {
  const ready = () => healthFrom(["Kafka is not connected", false]);
  await using server = serveObservations(options({ ready }));
  const look = async (path: string) => {
    const response = await fetch(`${server.url}${path}`);
    return [response.status, await response.json()];
  };
  assertEquals(await look("/health/live"), [200, { status: "ok", reasons: [] }]);
  assertEquals(await look("/health/ready"), [
    503,
    { status: "unavailable", reasons: ["Kafka is not connected"] },
  ]);
});

Deno.test("serveObservations() rejects other paths and methods", async () => {
  await using server = serveObservations(options());
  const status = async (path: string, method = "GET") => {
    const response = await fetch(`${server.url}${path}`, { method });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status("/"), 404);
  assertEquals(await status("/metrics", "POST"), 405);
  assertEquals(await status("/metrics", "HEAD"), 200);
});

Deno.test("serveObservations() accepts only its own host names", async () => {
  await using server = serveObservations(options());
  const statusFor = async (host: string) => {
    using connection = await Deno.connect({ port: Number(new URL(server.url).port) });
    const request = `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    return (await new Response(connection.readable).text()).split(" ")[1];
  };
  assertEquals(await statusFor("rebound.example"), "421");
  assertEquals(await statusFor("localhost:1"), "200");
});

Deno.test("serveObservations() logs failed requests", async () => {
  using log = gatherLog();
  const ready = () => {
    throw new Error("no idea");
  };
  await using server = serveObservations(options({ ready }));
  const response = await fetch(`${server.url}/health/ready`);
  assertEquals([response.status, await response.text()], [500, "This is a bug in wikitap\n"]);
  assertEquals(log.lines, ["error: Cannot answer a request: Error: no idea"]);
});

Deno.test("serveObservations() ends even during a request", async () => {
  const server = serveObservations(options());
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(server.url).port),
  });
  await connection.write(new TextEncoder().encode("GET /metrics HTTP/1.1\r\nHost:"));
  await server[Symbol.asyncDispose]();
});

Deno.test("serveObservations() reports a port in use, with a hint", async () => {
  await using server = serveObservations(options());
  const port = Number(new URL(server.url).port);
  const error = assertThrows(() => serveObservations(options({ port })), UserError);
  assertEquals(error.message, `Cannot serve metrics on 127.0.0.1:${port}: the port is in use`);
  assertEquals(error.hint, "Choose another one with --metrics-port; 0 lets the system choose");
});

Deno.test("serveObservations() reports an address it cannot listen on", () => {
  const hostname = "192.0.2.1";
  const error = assertThrows(() => serveObservations(options({ hostname })), UserError);
  assertEquals(error.message, "Cannot serve metrics on 192.0.2.1:0");
  assert(error.cause !== undefined);
});
