/** Publishes with @platformatic/kafka, idempotent. */

const { STREAM_URL, BROKER, TOPIC, EVENTS, NAMESPACES } = Deno.env.toObject();
const namespaces: Record<string, string> = JSON.parse(NAMESPACES!);
const wanted = Number(EVENTS);

// Not a literal specifier, so that only the benchmark downloads the package.
const kafka = await import(["npm:@platformatic/kafka", "2.12.1"].join("@"));
const producer = new kafka.Producer({
  clientId: "bench",
  bootstrapBrokers: [BROKER],
  serializers: kafka.stringSerializers,
  idempotent: true,
});

const MAX_BATCH = 1000;
type Message = { topic: string; key: string; value: string };
let batch: Message[] = [];
let sending: Promise<unknown> = Promise.resolve();

/** Sends the accumulated records once the previous send is acknowledged. */
async function send(): Promise<void> {
  await sending;
  sending = producer.send({ messages: batch });
  batch = [];
}

const response = await fetch(STREAM_URL!);
const text = response.body!.pipeThrough(new TextDecoderStream());
let rest = "";
let sent = 0;
reading: for await (const chunk of text) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    if (!line.startsWith("data: ")) continue;
    const change = JSON.parse(line.slice(6));
    if (change.type !== "edit") continue;
    const value = JSON.stringify({
      id: change.id ?? null,
      domain: change.meta.domain,
      namespace: namespaces[change.namespace] ?? "unknown",
      title: change.title,
      timestamp: change.meta.dt,
      user_name: change.user ?? null,
      user_type: change.bot ? "bot" : "human",
      old_length: change.length?.old ?? null,
      new_length: change.length?.new ?? null,
    });
    batch.push({ topic: TOPIC!, key: `${change.meta.domain}/${change.title}`, value });
    if (batch.length === MAX_BATCH) await send();
    if (++sent === wanted) break reading;
  }
}
if (batch.length > 0) await send();
await sending;
await producer.close();
Deno.exit(sent === wanted ? 0 : 1);
