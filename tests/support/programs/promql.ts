import { parser } from "npm:@prometheus-io/lezer-promql@0.315.0";

/** The selection of a query: a metric, and values of its labels. */
export interface Selection {
  readonly metric: string;
  /** The conditions `label="value"`, without patterns. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Returns the selections of a PromQL query, by Prometheus's own grammar.
 *
 * @throws {Error} for invalid PromQL.
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
