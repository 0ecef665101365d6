import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { UserError } from "../shared/error.ts";
import { retry } from "../shared/retry.ts";
import { RegistryAway, requestJson } from "./request.ts";

/** Where a schema registry is (Confluent's API, version 7), and who asks. */
export interface RegistryConfig {
  /** The address, with the path under which the API is served, if any. */
  readonly url: URL;
  /** `user:password` for HTTP's Basic authentication; never shown. */
  readonly auth?: string | undefined;
  /** Default: Deno's own. */
  readonly fetch?: typeof globalThis.fetch;
}

/** How long to wait for it. */
export interface Patience {
  /** Tries on for so long while the registry is away, in ms (default 5,000). */
  readonly patience?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The registry does not take a schema beside those that its subject has. */
export class IncompatibleSchema extends UserError {
  override readonly name = "IncompatibleSchema";
}

/** The registry has no schema with an id, or one that is not Avro's. */
export class NoSchema extends Error {
  override readonly name = "NoSchema";
}

const log = getLogger(["wikitap", "avro"]);

const PATIENCE = 5000;
/** Between two attempts, in ms. */
const WAIT = 500;

const registeredSchema = z.object({ id: z.int().min(0).max(2 ** 31 - 1) });
const storedSchema = z.object({
  schema: z.string(),
  schemaType: z.string().optional(),
  references: z.array(z.unknown()).optional(),
});

/** The subject of the values of a topic, as serializers name it by default. */
export function valueSubject(topic: string): string {
  return `${topic}-value`;
}

/**
 * A schema registry: three requests of Confluent's API, each given 5 s.
 */
export class Registry {
  readonly #config: RegistryConfig;

  constructor(config: RegistryConfig) {
    this.#config = config;
  }

  /** The address, for people. */
  get address(): string {
    return this.#config.url.href;
  }

  /**
   * The id of a schema under a subject; it is registered unless it is there. Only then the right to
   * write is needed.
   *
   * @param schema Avro's, as JSON.
   * @throws {IncompatibleSchema} when the subject's compatibility does not allow it.
   * @throws {UserError} when the registry is away, or refuses who asks.
   */
  async register(subject: string, schema: string, patience: Patience = {}): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}`;
    const known = await this.#ask("POST", path, { schema }, patience);
    if (known.status === 200) return this.#read(registeredSchema, known.body).id;
    if (known.status !== 404) throw this.#refusal(known, subject);
    const made = await this.#ask("POST", `${path}/versions`, { schema }, patience);
    if (made.status !== 200) throw this.#refusal(made, subject);
    return this.#read(registeredSchema, made.body).id;
  }

  /**
   * The Avro schema with an id, as JSON.
   *
   * @throws {NoSchema} where there is none.
   * @throws {UserError} when the registry is away, or refuses who asks.
   */
  async schema(id: number, patience: Patience = {}): Promise<string> {
    const answer = await this.#ask("GET", `/schemas/ids/${id}`, undefined, patience);
    if (answer.status === 404) throw new NoSchema(`the registry has no schema ${id}`);
    if (answer.status !== 200) throw this.#refusal(answer);
    const { schema, schemaType = "AVRO", references = [] } = this.#read(storedSchema, answer.body);
    if (schemaType !== "AVRO") throw new NoSchema(`schema ${id} is ${schemaType}, not Avro`);
    if (references.length > 0) throw new NoSchema(`schema ${id} refers to others`);
    return schema;
  }

  /** An answer, whatever its status; tries again while there is none. */
  async #ask(
    method: string,
    path: string,
    body: unknown,
    { patience = PATIENCE, signal }: Patience,
  ): Promise<Answer> {
    const { url, auth, fetch } = this.#config;
    const address = `${url.origin}${url.pathname.replace(/\/+$/, "")}${path}`;
    const isAway = (error: unknown, attempt: number) => {
      if (!(error instanceof RegistryAway) || signal?.aborted) return false;
      if (attempt === 1) {
        log.warn("Cannot reach the schema registry at {address}: trying for {seconds} s", {
          address: this.address,
          seconds: patience / 1000,
        });
      }
      return true;
    };
    const request = () => requestJson(address, { method, auth, body, signal, fetch });
    try {
      return await retry(request, isAway, { firstWaitMs: WAIT, limitMs: patience, signal });
    } catch (cause) {
      if (!(cause instanceof RegistryAway)) throw cause;
      throw new UserError(`Cannot reach the schema registry at ${this.address}`, {
        hint: "Does it run, and is --schema-registry its address?",
        cause,
      });
    }
  }

  #refusal({ status, body }: Answer, subject?: string): UserError {
    const said = saidBy(body);
    const details = said === undefined ? [] : [said];
    if (status === 401 || status === 403) {
      return new UserError(`The schema registry at ${this.address} refuses access: ${status}`, {
        hint: "Set SCHEMA_REGISTRY_AUTH to user:password of one with the rights",
        details,
      });
    }
    if (status === 409) {
      return new IncompatibleSchema(
        `The schema does not go with those that '${subject}' has in the registry`,
        {
          hint:
            "Nothing of it was published. Keep to the fields and types that readers know, choose " +
            "another topic, or relax the subject's compatibility in the registry",
          details,
        },
      );
    }
    return new UserError(`The schema registry at ${this.address} answered ${status}`, {
      hint: "Is --schema-registry the address of one with Confluent's API?",
      details,
    });
  }

  #read<T>(shape: z.ZodType<T>, body: unknown): T {
    const { data } = shape.safeParse(body);
    if (data !== undefined) return data;
    throw new UserError(`What answers at ${this.address} is no schema registry`, {
      hint: "Is --schema-registry the address of one with Confluent's API, its path included?",
    });
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What a registry says of an error, cut to what a terminal shows. */
function saidBy(body: unknown): string | undefined {
  const { message } = (body ?? {}) as { message?: unknown };
  return typeof message === "string" ? message.slice(0, 1000) : undefined;
}
