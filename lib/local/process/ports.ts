import { UserError } from "../../shared/error.ts";

/**
 * The range of ports: below the one from which systems choose ports for outgoing connections, above
 * those that browsers block.
 */
const LOWEST = 11_000;
const HIGHEST = 32_000;

/** Returns whether no process listens on this port of 127.0.0.1. */
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
 * Checks that a port is free and permitted.
 *
 * @param service The service that is to listen there: `Kafka`. In lower case it names the task.
 * @throws {UserError} if the port is in use or not permitted.
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
  throw new UserError(
    `Cannot listen on port ${port}: it is in use, perhaps by another ${service}`,
    {
      hint: `Stop the program that listens there, or choose ${another}`,
    },
  );
}

/** The port that `freePort()` tries next. */
let next = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));

/**
 * Returns a port of 127.0.0.1 on which no process listens. The first one is random, and the others
 * follow it: no port is returned twice, and two processes that choose several at the same time
 * rarely choose the same.
 *
 * The system's own choice (port 0) is not used: the system could assign that port to an outgoing
 * connection in the seconds until a broker listens.
 *
 * @throws {UserError} if 100 in a row are all in use.
 */
export function freePort(): number {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = next++;
    if (next === HIGHEST) next = LOWEST;
    if (isFree(port)) return port;
  }
  throw new UserError(`Cannot find a free port from ${LOWEST} to ${HIGHEST}`);
}
