/** Publishes as kafkajs's documentation shows: one `send` per event, idempotent. */
import { Kafka, logLevel } from "kafkajs";

const { STREAM_URL, BROKER, TOPIC, EVENTS, NAMESPACES } = Deno.env.toObject();
const namespaces: Record<string, string> = JSON.parse(NAMESPACES!);
const wanted = Number(EVENTS);

const kafka = new Kafka({ brokers: [BROKER!], logLevel: logLevel.ERROR });
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 5 });
await producer.connect();

const response = await fetch(STREAM_URL!);
const text = response.body!.pipeThrough(new TextDecoderStream());
let rest = "";
let sent = 0;
reading: for await (const chunk of text) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  const sends: Promise<unknown>[] = [];
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
    const key = `${change.meta.domain}/${change.title}`;
    sends.push(producer.send({ topic: TOPIC!, messages: [{ key, value }] }));
    if (++sent === wanted) {
      await Promise.all(sends);
      break reading;
    }
  }
  await Promise.all(sends);
}
await producer.disconnect();
Deno.exit(sent === wanted ? 0 : 1);
