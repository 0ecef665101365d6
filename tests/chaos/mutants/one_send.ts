/**
 * A producer that sends all partitions of a transaction in one `send`, as kafkajs's documentation
 * does. If one broker must be asked again, kafkajs sends to the other brokers again, too. It takes
 * chance that a coordinator must be asked again (as shortly after a commit) while the other brokers
 * take longer than that wait. Here it always happens.
 */
import type { RecordMetadata } from "kafkajs";
import Broker from "kafkajs/src/broker/index.js";
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import { KafkaClient, type Message, type Transaction } from "../../../lib/kafka/client/kafkajs.ts";
import { runMain } from "../../../lib/cli/program.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { main } from "../../../main.ts";

const CONCURRENT_TRANSACTIONS = 51;

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

const { addPartitionsToTxn, produce } = Broker.prototype;
let asked = 0;
Broker.prototype.addPartitionsToTxn = async function (request: unknown) {
  if (++asked % 3 === 0) throw createErrorFromCode(CONCURRENT_TRANSACTIONS);
  return await addPartitionsToTxn.call(this, request);
};
Broker.prototype.produce = async function (request: unknown) {
  await sleep(50);
  return await produce.call(this, request);
};

await runMain(main);
