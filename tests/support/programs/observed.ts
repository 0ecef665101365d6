import { freePort } from "../../../lib/local/process/ports.ts";
import { familiesOf, type Family, valueOf } from "./prometheus.ts";
import { until } from "../tools/until.ts";

/** The metrics port of a program. */
export class Observed {
  readonly port: number = freePort();
  /** The address on which the program may listen. */
  readonly address = `127.0.0.1:${this.port}`;
  readonly flags: readonly string[] = ["--metrics-port", String(this.port)];

  async scrape(): Promise<Map<string, Family>> {
    const response = await fetch(`http://${this.address}/metrics`);
    return familiesOf(await response.text());
  }

  async value(name: string, labels?: Record<string, string>): Promise<number | undefined> {
    return valueOf(await this.scrape(), name, labels);
  }

  /** Returns status and reasons; status 0 without an answer. */
  async health(kind: "live" | "ready"): Promise<{ status: number; reasons: readonly string[] }> {
    try {
      const response = await fetch(`http://${this.address}/health/${kind}`);
      return { status: response.status, reasons: (await response.json()).reasons };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return { status: 0, reasons: [] };
    }
  }

  /** Waits until the program is ready, or is not ready for this reason; at most 30 s. */
  async until(reason: RegExp | "ready"): Promise<void> {
    await until(
      () => this.health("ready"),
      ({ status, reasons }) =>
        reason === "ready"
          ? status === 200
          : status === 503 && reasons.some((given) => reason.test(given)),
    );
  }

  /** Waits until a metric is above 0; at most 30 s. */
  async untilSome(name: string, labels?: Record<string, string>): Promise<void> {
    await until(() => this.value(name, labels), (value) => (value ?? 0) > 0);
  }
}
