import { UserError } from "../../shared/error.ts";
import { openResponse } from "./response.ts";

/** How long the service may take to answer, in ms. */
const PATIENCE = 5000;

/**
 * Asks once whether a stream can be read.
 *
 * @returns Why it cannot, in words, or `undefined` where it can.
 */
export async function probe(url: URL, userAgent: string): Promise<string | undefined> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), PATIENCE);
  try {
    const headers = { "accept": "text/event-stream", "user-agent": userAgent };
    const { body } = await openResponse(url, { headers, signal: controller.signal });
    await body.cancel();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const hint = error instanceof UserError && error.hint !== undefined ? ` (${error.hint})` : "";
    return `${error.message}${hint}`;
  } finally {
    clearTimeout(timer);
  }
}
