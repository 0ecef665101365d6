import { NamedError } from "../../shared/error.ts";

/** A request that is answered with an HTTP status and a JSON body instead of events. */
export class Refusal extends NamedError {
  /** Creates it with an HTTP status, a JSON body and headers. */
  constructor(
    readonly status: number,
    readonly body: Readonly<Record<string, unknown>>,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${status}`);
  }

  /** Returns the response. */
  toResponse(): Response {
    return Response.json(this.body, { status: this.status, headers: this.headers });
  }
}

/** Returns an error in the form of the service's framework (`HTTPError` of its `lib/util.js`). */
export function httpError(
  status: number,
  type: string,
  title: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return new Refusal(status, { status, type, title, detail }, headers);
}

/** Returns an error in KafkaSSE's form (`KafkaSSEError` of its `lib/error.js`). */
export function kafkaSseError(status: number, name: string, message: string): Refusal {
  return new Refusal(status, { message, origin: "KafkaSSE", name, statusCode: status });
}
