/** One broker. */
export interface Node {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  isDown: boolean;
  /** Called when the node goes down, which ends its connections. */
  readonly onDown: Set<() => void>;
}

/** Creates working brokers with the ids 1, 2, … */
export function makeNodes(count: number): readonly Node[] {
  return Array.from({ length: count }, (_, i) => ({
    nodeId: i + 1,
    host: `kafka-${i + 1}`,
    port: 9092,
    isDown: false,
    onDown: new Set(),
  }));
}
