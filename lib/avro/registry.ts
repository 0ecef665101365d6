import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { NamedError, UserError } from "../shared/error.ts";
import { retry } from "../shared/retry.ts";
import { RegistryAway, requestJson } from "./request.ts";

/** The address of a schema registry (Confluent's API, version 7), and the credentials for it. */
export interface RegistryConfig {
  /** The address, with the path under which the API is served, if any. */
  readonly url: URL;
  /** `user:password` for HTTP's Basic authentication; never logged. Default: none. */
  readonly auth?: string | undefined;
  /** Default: Deno's own. */
  readonly fetch?: typeof globalThis.fetch;
}

/** How long to wait for the registry. */
export interface RetryOptions {
  /** How long to retry while the registry is unreachable, in ms (default 5,000). */
  readonly retryForMs?: number;
  /** Ends the retries. */
  readonly signal?: AbortSignal | undefined;
}

/** The error if the registry rejects a schema as incompatible with earlier ones of the subject. */
export class IncompatibleSchema extends UserError {}

/** The error if the registry has no schema with an id, or one that is not Avro. */
export class NoSchema extends NamedError {}

const log = getLogger(["wikitap", "avro"]);

const RETRY_FOR_MS = 5000;
/** The wait between two attempts, in ms. */
const WAIT = 500;

const registeredSchema = z.object({ id: z.int().min(0).max(2 ** 31 - 1) });
const storedSchema = z.object({
  schema: z.string(),
  schemaType: z.string().optional(),
  references: z.array(z.unknown()).optional(),
});

/** Returns the subject of a topic's values, as serializers name it by default. */
export function valueSubject(topic: string): string {
  return `${topic}-value`;
}

function pathOf(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`;
}

/** Sends four requests of Confluent's API to a schema registry; each may take 5 s. */
export class Registry {
  readonly #config: RegistryConfig;

  /** Creates it without sending a request. */
  constructor(config: RegistryConfig) {
    this.#config = config;
  }

  /** The address, for messages. */
  get address(): string {
    return this.#config.url.href;
  }

  /**
   * Returns the id of a schema under a subject, and registers the schema if it is new. Only that
   * needs write access.
   *
   * @param schema An Avro schema, as JSON.
   * @throws {IncompatibleSchema} if the subject's compatibility does not allow it.
   * @throws {UserError} if the registry is unreachable or denies access.
   */
  async register(subject: string, schema: string, options: RetryOptions = {}): Promise<number> {
    const known = await this.find(subject, schema, options);
    if (known !== undefined) return known;
    const made = await this.#ask("POST", `${pathOf(subject)}/versions`, { schema }, options);
    if (made.status !== 200) throw this.#refusal(made, subject);
    return this.#read(registeredSchema, made.body).id;
  }

  /**
   * Returns the id of a schema under a subject, or `undefined` if it is not registered.
   *
   * @param schema An Avro schema, as JSON.
   * @throws {UserError} if the registry is unreachable or denies access.
   */
  async find(
    subject: string,
    schema: string,
    options: RetryOptions = {},
  ): Promise<number | undefined> {
    const known = await this.#ask("POST", pathOf(subject), { schema }, options);
    if (known.status === 200) return this.#read(registeredSchema, known.body).id;
    if (known.status !== 404) throw this.#refusal(known, subject);
    return undefined;
  }

  /**
   * Returns the Avro schema with an id, as JSON.
   *
   * @throws {NoSchema} if there is none.
   * @throws {UserError} if the registry is unreachable or denies access.
   */
  async schema(id: number, options: RetryOptions = {}): Promise<string> {
    const answer = await this.#ask("GET", `/schemas/ids/${id}`, undefined, options);
    if (answer.status === 404) throw new NoSchema(`the registry has no schema ${id}`);
    if (answer.status !== 200) throw this.#refusal(answer);
    const { schema, schemaType = "AVRO", references = [] } = this.#read(storedSchema, answer.body);
    if (schemaType !== "AVRO") throw new NoSchema(`schema ${id} is ${schemaType}, not Avro`);
    if (references.length > 0) throw new NoSchema(`schema ${id} refers to others`);
    return schema;
  }

  /** Returns an answer, regardless of its status. Retries until there is one. */
  async #ask(
    method: string,
    path: string,
    body: unknown,
    { retryForMs = RETRY_FOR_MS, signal }: RetryOptions,
  ): Promise<Answer> {
    const { url, auth, fetch } = this.#config;
    const address = `${url.origin}${url.pathname.replace(/\/+$/, "")}${path}`;
    const isAway = (error: unknown, attempt: number) => {
      if (!(error instanceof RegistryAway) || signal?.aborted) return false;
      if (attempt === 1) {
        log.warn("Cannot reach the schema registry at {address}; retrying for {seconds} s", {
          address: this.address,
          seconds: retryForMs / 1000,
        });
      }
      return true;
    };
    const request = () => requestJson(address, { method, auth, body, signal, fetch });
    try {
      return await retry(request, isAway, { firstWaitMs: WAIT, limitMs: retryForMs, signal });
    } catch (cause) {
      if (!(cause instanceof RegistryAway)) throw cause;
      throw new UserError(`Cannot reach the schema registry at ${this.address}`, {
        hint: "Start it, or check the address in --schema-registry",
        cause,
      });
    }
  }

  #refusal({ status, body }: Answer, subject?: string): UserError {
    const said = saidBy(body);
    const details = said === undefined ? [] : [said];
    if (status === 401 || status === 403) {
      return new UserError(`Cannot use the schema registry at ${this.address}: HTTP ${status}`, {
        hint: "Set SCHEMA_REGISTRY_AUTH to the user:password of a user with access",
        details,
      });
    }
    if (status === 409) {
      return new IncompatibleSchema(
        `Cannot register the schema of '${subject}': it is incompatible with earlier versions`,
        {
          hint: "Choose another topic, or relax the subject's compatibility in the registry",
          details,
        },
      );
    }
    return new UserError(`Cannot use the schema registry at ${this.address}: HTTP ${status}`, {
      hint: "Check that --schema-registry is the address of a registry with Confluent's API",
      details,
    });
  }

  #read<T>(shape: z.ZodType<T>, body: unknown): T {
    const { data } = shape.safeParse(body);
    if (data !== undefined) return data;
    throw new UserError(`Cannot use ${this.address}: its answer is not from a schema registry`, {
      hint: "Set --schema-registry to the address of Confluent's API, including its path",
    });
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Returns the registry's error message, at most 1,000 characters of it. */
function saidBy(body: unknown): string | undefined {
  const { message } = (body ?? {}) as { message?: unknown };
  return typeof message === "string" ? message.slice(0, 1000) : undefined;
}
