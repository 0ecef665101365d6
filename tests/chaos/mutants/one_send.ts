/**
 * A producer that gives all partitions of a transaction to kafkajs in one `send`, as its
 * documentation does: where one broker has to be asked again, kafkajs asks others again, too.
 * One has to be where kafkajs's requests for the partitions of a transaction meet at its
 * coordinator, which by chance is seldom. Here they come one after another, and it is often.
 */
import type { RecordMetadata } from "kafkajs";
import Broker from "kafkajs/src/broker/index.js";
import { KafkaClient, type Message, type Transaction } from "../../../lib/kafka/kafkajs.ts";
import { runMain } from "../../../lib/cli/program.ts";
import { sleep } from "../../../lib/sleep.ts";
import { main } from "../../../main.ts";

interface Waiting {
  readonly messages: Message[];
  readonly answer: PromiseWithResolvers<RecordMetadata[]>;
}

const producer = KafkaClient.prototype.producer;
KafkaClient.prototype.producer = function (config) {
  const made = producer.call(this, config);
  const transaction = made.transaction.bind(made);
  made.transaction = async () => sendingAtOnce(await transaction());
  return made;
};

function sendingAtOnce(transaction: Transaction): Transaction {
  const send = transaction.send.bind(transaction);
  let waiting: Waiting[] = [];
  const sendAll = async (topic: string) => {
    const all = waiting;
    waiting = [];
    try {
      const answers = await send({ topic, messages: all.flatMap(({ messages }) => messages) });
      for (const { messages, answer } of all) {
        answer.resolve(answers.filter(({ partition }) => partition === messages[0]!.partition));
      }
    } catch (error) {
      for (const { answer } of all) answer.reject(error);
    }
  };
  transaction.send = ({ topic, messages }) => {
    const answer = Promise.withResolvers<RecordMetadata[]>();
    if (waiting.push({ messages, answer }) === 1) queueMicrotask(() => sendAll(topic));
    return answer.promise;
  };
  return transaction;
}

/** What each such request waits for each other that is under way, in ms. */
const STAGGER = 5;

const { addPartitionsToTxn } = Broker.prototype;
let underWay = 0;
Broker.prototype.addPartitionsToTxn = async function (request: unknown) {
  await sleep(STAGGER * underWay++);
  try {
    return await addPartitionsToTxn.call(this, request);
  } finally {
    underWay--;
  }
};

await runMain(main);
