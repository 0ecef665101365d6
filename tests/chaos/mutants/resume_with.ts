import { byteStream } from "../../support/stream/byte_stream.ts";

/** Replaces the `Last-Event-ID` of the producer's requests. */
export function resumeWith({ lastEventId, onId = () => {} }: {
  readonly lastEventId: (asked: string) => string;
  /** Called with the id of every frame. */
  readonly onId?: (id: string) => void;
}): void {
  const fetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    const asked = headers.get("last-event-id");
    if (asked !== null) headers.set("last-event-id", lastEventId(asked));
    const { body, ...response } = await fetch(input, { ...init, headers }).then((response) => ({
      body: response.body,
      status: response.status,
      headers: response.headers,
    }));
    return new Response(body && byteStream(body.pipeThrough(watch(onId))), response);
  };
}

/** Passes the bytes on unchanged. Ids are ASCII. */
function watch(onId: (id: string) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder("latin1");
  let rest = "";
  return new TransformStream(
    {
      transform(chunk, controller) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop()!;
        for (const line of lines) if (line.startsWith("id: ")) onId(line.slice(4));
        controller.enqueue(chunk);
      },
    },
    undefined,
    { highWaterMark: 0 },
  );
}
