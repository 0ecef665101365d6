import { getLogger } from "@logtape/logtape";
import postgres from "postgres";
import { sleep } from "../../shared/sleep.ts";
import type { PostgresAddress, PostgresTls } from "../address.ts";
import { SinkUnavailable } from "../sink.ts";
import { isFromPooler, isReadOnly, isServerError, postgresFailure } from "./postgres_failure.ts";

/** The name of the connections in PostgreSQL's views. */
const APPLICATION = "wikitap";
/** The number of connections, besides the one that probes a silent server. */
export const CONNECTIONS = 4;
/** How long connecting may take, in s. */
const CONNECT_TIMEOUT = 3;
/** The longest wait between attempts to connect, in s: the client's own exceeds a session. */
const LONGEST_BACKOFF = 1;
/** The interval of probes of the server during a long statement, in ms. */
const PROBE_EVERY = 2000;
/** How long the server may take to answer a probe, in ms. */
const PROBE_LIMIT = 3000;
/** How long connections may take to close, in s. Then they are destroyed. */
const CLOSE_LIMIT = 1;
/** The number of consecutive probes without work after which a statement is given up. */
const IDLE_PROBES = 2;

/** The result of a probe: no server, a server without work for wikitap, or one with work. */
type Finding = "away" | "idle" | "working";

const logger = getLogger(["wikitap", "store"]);

/** The time limits of statements, in ms. */
export interface Limits {
  /** The server's limit, so that no statement of a lost client holds locks. */
  readonly statement: number;
  /** The client's limit, even if the server answers probes. */
  readonly answer: number;
}

/** The limits of statements that are fast in normal operation. */
const WRITING: Limits = { statement: 20_000, answer: 30_000 };

/** How to connect. */
export interface ConnectOptions {
  /** The time limits of statements. Default: {@linkcode WRITING}. */
  readonly limits?: Limits;
  /** Whether a pooler is in front of the server (default false): {@linkcode PostgresConnection}. */
  readonly isPooled?: boolean;
}

/** Returns a client, which connects at its first use. */
export function connect(
  { host, port, database, user, tls }: PostgresAddress,
  password: string | undefined,
  { limits = WRITING, isPooled = false }: ConnectOptions = {},
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
    // The client's own encoding of arrays depends on it, and may be used before that is done.
    fetch_types: false,
    backoff: (tries) => Math.min(0.1 * 2 ** tries, LONGEST_BACKOFF),
    prepare: !isPooled,
    connection: {
      application_name: APPLICATION,
      ...isPooled ? {} : { statement_timeout: limits.statement },
    },
    onnotice: () => {},
  });
}

const SSL = {
  disable: false,
  prefer: "prefer",
  require: "require",
  "verify-full": "verify-full",
} as const satisfies Record<PostgresTls, unknown>;

/** A client, and the kind of its server. */
interface Client {
  readonly sql: postgres.Sql;
  readonly isPooled: boolean;
}

/**
 * Runs statements on a client. The client is replaced if its server stops answering, becomes
 * read-only, or turns out to be a pooler.
 *
 * A pooler (pgbouncer) rejects startup parameters, and in transaction mode it also loses prepared
 * statements. Then neither is used. So statements have no time limit on the server, where the
 * pooler cancels those of a lost client.
 */
export class PostgresConnection {
  readonly #address: PostgresAddress;
  readonly #password: string | undefined;
  readonly #limits: Limits;
  #client: Client;
  /** The current probe; a second one would find the same. */
  #probe: Promise<Finding> | undefined;
  /** Resolves when all replaced clients have closed their connections. */
  #discarded: Promise<unknown> = Promise.resolve();

  constructor(address: PostgresAddress, password: string | undefined, limits: Limits = WRITING) {
    this.#address = address;
    this.#password = password;
    this.#limits = limits;
    this.#client = this.#connect(false);
  }

  /**
   * Runs work on a connection.
   *
   * @throws {SinkUnavailable} if the same may work later; whether it was done is then unknown.
   * @throws {UserError} if a person has to act.
   */
  async run<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    while (true) {
      const client = this.#client;
      try {
        return await this.#unlessSilent(client, work(client.sql));
      } catch (error) {
        if (isFromPooler(error) && !client.isPooled) {
          this.#replace(client, true);
          logger.debug("A pooler is in front of PostgreSQL: {error}", { error });
          continue; // the statement was rejected before anything was done
        }
        // After a switchover the address leads to another server, but this connection to the old
        // one.
        if (isReadOnly(error)) this.#replace(client);
        throw postgresFailure(error, this.#address, this.#password !== undefined);
      }
    }
  }

  /** Closes all connections, within 1 s. */
  async close(): Promise<void> {
    await Promise.all([this.#client.sql.end({ timeout: CLOSE_LIMIT }), this.#discarded]);
  }

  async #unlessSilent<T>(client: Client, work: Promise<T>): Promise<T> {
    const over = new AbortController();
    try {
      return await Promise.race([work, this.#untilSilent(over.signal)]);
    } catch (error) {
      if (error instanceof SinkUnavailable) this.#replace(client);
      throw error;
    } finally {
      over.abort();
    }
  }

  /**
   * Rejects if the server does not answer or does nothing. A dead network does not report itself,
   * and a statement on a dead connection still hangs after the server is back.
   */
  async #untilSilent(over: AbortSignal): Promise<never> {
    const { answer } = this.#limits;
    const deadline = performance.now() + answer;
    for (let idle = 0;;) {
      await sleep(Math.min(PROBE_EVERY, deadline - performance.now()), over);
      if (over.aborted) return await new Promise<never>(() => {});
      if (performance.now() >= deadline) {
        throw new SinkUnavailable(`no answer in ${answer / 1000} s`);
      }
      this.#probe ??= this.#look().finally(() => this.#probe = undefined);
      const found = await this.#probe;
      idle = found === "working" ? 0 : idle + 1;
      if (idle < IDLE_PROBES) continue;
      throw new SinkUnavailable(
        found === "away" ? "it does not answer" : "the connection stopped responding",
      );
    }
  }

  async #look(): Promise<Finding> {
    const { sql } = this.#connect(this.#client.isPooled);
    const over = new AbortController();
    const asked = sql`
      SELECT FROM pg_stat_activity WHERE application_name = ${APPLICATION}
        AND usename = current_user AND state = 'active' AND pid <> pg_backend_pid()`
      .then(
        ({ count }): Finding => count > 0 ? "working" : "idle",
        (error): Finding => isServerError(error) ? "idle" : "away",
      );
    try {
      return await Promise.race([
        asked,
        sleep(PROBE_LIMIT, over.signal).then((): Finding => "away"),
      ]);
    } finally {
      over.abort();
      this.#discard(sql);
    }
  }

  #connect(isPooled: boolean): Client {
    const sql = connect(this.#address, this.#password, { limits: this.#limits, isPooled });
    return { sql, isPooled };
  }

  /** Does nothing if another call has replaced the client. */
  #replace(client: Client, isPooled = client.isPooled): void {
    if (this.#client !== client) return;
    this.#client = this.#connect(isPooled);
    this.#discard(client.sql);
  }

  #discard(sql: postgres.Sql): void {
    const ended = sql.end({ timeout: CLOSE_LIMIT }).catch(() => {}); // it is not used any more
    this.#discarded = Promise.all([this.#discarded, ended]);
  }
}
