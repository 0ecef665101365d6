import { checkFree, freePort } from "../process/ports.ts";
import type { NodeAddress } from "./properties.ts";

/**
 * Chooses the addresses of new nodes. Ports for clients start at `first`, or are any free ones if
 * it is 0. Ports for controllers are any free ones, since only nodes use them.
 *
 * @throws {UserError} if a port for clients is in use or not permitted.
 */
export function chooseAddresses(nodes: number, first: number): NodeAddress[] {
  return Array.from({ length: nodes }, (_, index) => {
    const port = first === 0 ? freePort() : first + index;
    checkFree(port, "Kafka");
    return { id: index + 1, port, controllerPort: freePort() };
  });
}
