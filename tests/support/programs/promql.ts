import { parser } from "npm:@prometheus-io/lezer-promql@0.315.0";

/** What a query selects: a metric, and the values that it wants of labels. */
export interface Selection {
  readonly metric: string;
  /** Of `label="value"`, without patterns. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * What a PromQL query selects, by Prometheus's own grammar.
 *
 * @throws {Error} for what is no PromQL.
 */
export function selectionsOf(query: string): Selection[] {
  const tree = parser.parse(query);
  const selections: Selection[] = [];
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`No PromQL at ${node.from}: ${query}`);
      if (node.name !== "VectorSelector") return;
      const [, metric, matchers = ""] = /^([\w:]+)\s*(?:\{(.*)\})?/.exec(
        query.slice(node.from, node.to),
      )!;
      const equal = [...matchers.matchAll(/(\w+)\s*=\s*"([^"]*)"/g)];
      const labels = Object.fromEntries(equal.map(([, label, value]) => [label, value]));
      selections.push({ metric: metric!, labels });
    },
  });
  return selections;
}
