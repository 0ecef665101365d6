import { assert, assertEquals } from "@std/assert";
import type { EventServer } from "../../lib/replay/service/server.ts";
import { START, syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { environment } from "../bench/peers.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { eventsOf, recordsOf, serve } from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { verified, writeRecords } from "../support/kafka/verify.ts";
import { readAsTutorialsDo } from "../support/stream/plain_program.ts";
import { noTutorial, runTutorial } from "../support/tools/python.ts";
import { needing } from "../support/tools/skip.ts";

const kafka = await testKafka();

/** A minute of events, 38 % of them edits. */
const LOG = syntheticLog({ rate: 100, count: 6000, canaryEvery: 100 });
const SINCE = START + 10_000;
const UNTIL = START + 40_000;

/** Publishes the edits of a stream from `START` to at least `UNTIL`. */
type Fill = (server: EventServer, topic: string) => Promise<void>;

async function fillAsTutorialsDo({ url }: EventServer, topic: string): Promise<void> {
  await writeRecords(kafka, topic, await readAsTutorialsDo(url, START, START + 58_000));
}

async function fillInPython({ url }: EventServer, topic: string): Promise<void> {
  const streamUrl = `${url}?since=${START}`;
  await runTutorial(environment({ streamUrl, broker: kafka, topic, edits: 1900 }));
}

const identityOf = ({ domain, id }: { readonly domain: string; readonly id: number }) =>
  `${domain}#${id}`;

/** Compares a topic with the log without the program's code: which edits it has, and how often. */
async function compareIndependently(topic: string) {
  const expected = new Set(
    eventsOf(LOG).filter(({ body: { type, meta } }) => {
      const time = Date.parse(meta.dt);
      return type === "edit" && time >= SINCE && time < UNTIL;
    }).map(({ body: { meta, id } }) => identityOf({ domain: meta.domain, id })),
  );
  const found = (await recordsOf(kafka, topic, 1)).map(({ value }) => identityOf(JSON.parse(value)))
    .filter((identity) => expected.has(identity));
  const distinct = new Set(found);
  return {
    lost: [...expected.difference(distinct)].sort(),
    found: distinct.size,
    duplicated: found.length - distinct.size,
  };
}

function lossTest(program: string, fill: Fill, cutEvery: number, missing?: string): void {
  Deno.test(needing(missing, {
    name: `verify finds the edits that ${program} loses, and no others`,
    async fn() {
      const topic = await makeTopic(kafka);
      await using cutting = serve(LOG, { faults: { cutEvery } });
      await fill(cutting, topic);
      assert(cutting.stats.cuts > 0);
      await using server = serve(LOG);
      const { report: { differences, found, expected }, lost } = await verified(kafka, [
        ...["--topic", topic, "--stream-url", server.url, "--ignore-position"],
        ...["--since", String(SINCE), "--until", String(UNTIL)],
      ]);
      const decoder = new TextDecoder();
      const seen = {
        lost: lost.map(({ value }) => identityOf(JSON.parse(decoder.decode(value)))).sort(),
        found,
        duplicated: differences.duplicated,
      };
      assertEquals(seen, await compareIndependently(topic));
      assertEquals([differences.different, differences.foreign], [0, 0]);
      assertEquals([differences.lost, found + lost.length], [lost.length, expected]);
      assert(lost.length > 0, "the program lost edits");
    },
  }));
}

lossTest("a plain program", fillAsTutorialsDo, 700);
lossTest("the tutorial's Python program", fillInPython, 1500, await noTutorial());
