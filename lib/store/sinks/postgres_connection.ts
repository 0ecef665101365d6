import postgres from "postgres";
import type { PostgresAddress, PostgresTls } from "../address.ts";
import { postgresFailure } from "./postgres_failure.ts";
import { Unavailable } from "../sink.ts";

/** Connections at the same time. */
export const CONNECTIONS = 4;
/** How long a connection may take (s). */
const CONNECT_TIMEOUT = 3;
/** The longest wait between tries to connect (s): the client's own is longer than a session. */
const LONGEST_BACKOFF = 1;

/** How long a statement may take, in ms. */
export interface Limits {
  /** What the server gives up by itself, so that no statement of a lost client holds locks. */
  readonly statement: number;
  /** When a silent server counts as gone: a dead network does not say so. */
  readonly answer: number;
}

/** For statements that are quick, unless something is wrong. */
export const WRITING: Limits = { statement: 20_000, answer: 30_000 };

/** Makes a client, which connects when it is first used. */
export function connect(
  { host, port, database, user, tls }: PostgresAddress,
  password: string | undefined,
  { statement }: Limits = WRITING,
): postgres.Sql {
  return postgres({
    host,
    port,
    database,
    user,
    password: password ?? "",
    ssl: SSL[tls],
    max: CONNECTIONS,
    connect_timeout: CONNECT_TIMEOUT,
    backoff: (tries) => Math.min(0.1 * 2 ** tries, LONGEST_BACKOFF),
    connection: { application_name: "wikitap", statement_timeout: statement },
    onnotice: () => {},
  });
}

const SSL = {
  disable: false,
  prefer: "prefer",
  require: "require",
  "verify-full": "verify-full",
} as const satisfies Record<PostgresTls, unknown>;

/** A client that is given up, and replaced, where the server is silent. */
export class Connection {
  readonly #address: PostgresAddress;
  readonly #password: string | undefined;
  readonly #limits: Limits;
  #sql: postgres.Sql;

  constructor(address: PostgresAddress, password: string | undefined, limits: Limits = WRITING) {
    this.#address = address;
    this.#password = password;
    this.#limits = limits;
    this.#sql = connect(address, password, limits);
  }

  /**
   * @throws {Unavailable} where the same may work later; whether it was done is not known then.
   * @throws {UserError} where a person has to do something.
   */
  async run<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    const sql = this.#sql;
    const { answer } = this.#limits;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#replace(sql);
        reject(new Unavailable(`no answer in ${answer / 1000} s`));
      }, answer);
    });
    try {
      return await Promise.race([work(sql), silence]);
    } catch (error) {
      throw postgresFailure(error, this.#address, this.#password !== undefined);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }

  #replace(sql: postgres.Sql): void {
    if (this.#sql !== sql) return;
    this.#sql = connect(this.#address, this.#password, this.#limits);
    sql.end({ timeout: 0 }).catch(() => {}); // whatever it says, it is not used any more
  }
}
