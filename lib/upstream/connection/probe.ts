import { describe, StreamUnavailable } from "./failure.ts";
import { openResponse } from "./response.ts";

/** How long the service may take to answer, in ms. */
const TIMEOUT = 5000;

/** Checks once whether a stream can be read. Returns the reason if not, otherwise `undefined`. */
export async function probeStream(url: URL, userAgent: string): Promise<string | undefined> {
  using client = Deno.createHttpClient({});
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT);
  try {
    const { body } = await openResponse(url, {
      headers: { "user-agent": userAgent },
      signal: controller.signal,
      client,
    });
    await body.cancel();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const hint = error instanceof StreamUnavailable && error.hint !== undefined
      ? ` (${error.hint})`
      : "";
    return `${describe(error)}${hint}`;
  } finally {
    clearTimeout(timer);
  }
}
