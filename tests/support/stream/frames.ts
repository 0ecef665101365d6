/** The User-Agent that the local EventStreams server accepts. */
export const USER_AGENT = "wikitap-test/1 (test@example.org)";

const decoder = new TextDecoder();

export interface Received {
  /** Whole frames, without the empty line after them. */
  readonly frames: readonly string[];
  /** The bytes after the last whole frame. */
  readonly rest: string;
  /** How it ended: at the requested number, by the server, or by a cut connection. */
  readonly ending: "enough" | "end" | "torn";
}

/** Reads frames until there are `count`, or until the response ends, for at most 20 s. */
export async function receive(response: Response, count: number): Promise<Received> {
  const reader = response.body!.getReader();
  const timer = setTimeout(() => reader.cancel(new Error("No end in sight")), 20_000);
  const pieces: Uint8Array[] = [];
  let ending: Received["ending"] = "end";
  let seen = 0;
  try {
    for (let previous = 0;;) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      for (const byte of value) {
        if (byte === 10 && previous === 10) seen++;
        previous = byte;
      }
      if (seen < count) continue;
      ending = "enough";
      break;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    ending = "torn";
  } finally {
    clearTimeout(timer);
  }
  await reader.cancel().catch(() => {});
  const blocks = decoder.decode(await new Blob(pieces as BlobPart[]).arrayBuffer()).split("\n\n");
  const rest = blocks.pop()!;
  return { frames: blocks.slice(0, count), rest, ending };
}

/** Returns the fields of a frame that the service sends. */
export function parseFrame(frame: string): { event: string; id: string; data: string } {
  const [, event, id, data] = /^event: (.*)\nid: (.*)\ndata: (.*)$/.exec(frame) ?? [];
  if (event === undefined || id === undefined || data === undefined) {
    throw new Error(`Not a frame: ${frame.slice(0, 100)}`);
  }
  return { event, id, data };
}
