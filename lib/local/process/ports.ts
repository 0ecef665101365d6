import { UserError } from "../../shared/error.ts";

/** Below the range from which systems choose ports for outgoing connections. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Whether nobody listens on this port of 127.0.0.1. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/**
 * @param service What is to listen there: `Kafka`; in lower case it is its task.
 * @throws {UserError} when somebody listens on this port, or this user may not.
 */
export function checkFree(port: number, service: string): void {
  const another = `another port: deno task ${service.toLowerCase()} start --port PORT`;
  try {
    if (isFree(port)) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new UserError(`Cannot listen on port ${port}: permission denied`, {
      hint: `Choose ${another}`,
    });
  }
  throw new UserError(`Port ${port} is in use, perhaps by another ${service}`, {
    hint: `Stop what listens there, or choose ${another}`,
  });
}

/**
 * A port of 127.0.0.1 on which nobody listens.
 *
 * Not one that the system chooses (port 0): it could give the same one to an outgoing connection in
 * the seconds until a broker listens.
 *
 * @throws {UserError} when 100 random ones are all taken.
 */
export function freePort(): number {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (isFree(port)) return port;
  }
  throw new UserError(`There is no free port from ${LOWEST} to ${HIGHEST}`);
}
