import type { Random } from "../../lib/local/events/random.ts";
import { sleep } from "../../lib/sleep.ts";
import type { TestDatabase, TestPostgres } from "../support/postgres.ts";
import { type Running, startProgram } from "../support/program.ts";

/** What the members of a group are to store, and where. */
export interface MembersOptions {
  readonly brokers: string;
  readonly topic: string;
  readonly server: TestPostgres;
  readonly database: TestDatabase;
  readonly log: (line: string) => void;
}

const COUNT = 3;
/** More than any run takes (ms). */
const LIMIT = 3 * 3_600_000;

/** Three processes of `store` that share a topic; one that ends by itself is started again. */
export class Members implements AsyncDisposable {
  /** How many ended by themselves, each with what it said. */
  gaveUp = 0;
  readonly #options: MembersOptions;
  readonly #running: Running[];
  /** Those that were told to end, or were killed. */
  readonly #expected = new Set<Running>();

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#running = Array.from({ length: COUNT }, (_, index) => this.#start(index));
  }

  /** SIGKILL to one of them, and a new one in its place after `pause` ms. */
  async kill(pause: number, random: Random): Promise<void> {
    const index = random.integer(0, COUNT - 1);
    this.#options.log(`SIGKILL to member ${index}`);
    const victim = this.#running[index]!;
    this.#expected.add(victim);
    victim.process.kill("SIGKILL");
    await victim.ended;
    await sleep(pause);
    this.#running[index] = this.#start(index);
  }

  /** SIGSTOP to one of them for `pause` ms. */
  async stop(pause: number, random: Random): Promise<void> {
    const index = random.integer(0, COUNT - 1);
    this.#options.log(`SIGSTOP to member ${index}`);
    const victim = this.#running[index]!;
    victim.process.kill("SIGSTOP");
    await sleep(pause);
    victim.process.kill("SIGCONT");
  }

  /** Asks them to end, and waits until they have. */
  async end(): Promise<void> {
    for (const member of this.#running) {
      this.#expected.add(member);
      member.process.kill("SIGTERM");
    }
    for (const member of this.#running) {
      const { code, stderr } = await member.ended;
      if (code === 0) continue;
      this.gaveUp++;
      this.#options.log(`a member ends with ${code}: ${stderr.slice(-1000)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.#running) {
      this.#expected.add(member);
      await member[Symbol.asyncDispose]();
    }
  }

  #start(index: number): Running {
    const { brokers, topic, server, database, log } = this.#options;
    const member = startProgram("scripts/store.ts", [
      ...["--bootstrap-server", brokers, "--topic", topic, "--database", database.address],
      ...["--log-level", "debug"],
    ], { env: { PGPASSWORD: server.password }, limit: LIMIT });
    member.ended.then(({ code, stderr }) => {
      if (this.#expected.has(member)) return;
      this.gaveUp++;
      log(`member ${index} ends with ${code}: ${stderr.slice(-1000)}`);
      // It was not able to begin while the database or a broker was away: as a service, again.
      setTimeout(() => this.#running[index] = this.#start(index), 1000);
    });
    return member;
  }
}
