import { checkFree, freePort } from "../process/ports.ts";
import type { NodeAddress } from "./properties.ts";

/**
 * The addresses of new nodes: ports for clients from `first` on, or any that are free where that is
 * 0; ports for controllers wherever there is room, since nobody else needs to know them.
 *
 * @throws {UserError} when a port for clients is in use, or this user may not listen on it.
 */
export function chooseAddresses(nodes: number, first: number): NodeAddress[] {
  const taken = new Set<number>();
  const free = () => {
    let port = freePort();
    while (taken.has(port)) port = freePort();
    taken.add(port);
    return port;
  };
  return Array.from({ length: nodes }, (_, index) => {
    const port = first === 0 ? free() : first + index;
    checkFree(port, "Kafka");
    return { id: index + 1, port, controllerPort: free() };
  });
}
