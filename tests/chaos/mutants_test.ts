/** The comparison of the chaos tests finds the mistakes of other programs. */
import { chaos, programAt, unsanitized } from "./harness/short_run.ts";

Deno.test(
  "chaos finds duplicates of a producer that keeps repeated ids",
  unsanitized,
  () =>
    chaos(
      {
        program: programAt("tests/chaos/mutants/no_ids.ts"),
        nodes: 1,
        patience: 20_000,
        events: 3000,
        repeats: 60,
      },
      ({ verdict: { differences } }) => differences.lost === 0 && differences.duplicated > 0,
    ),
);

Deno.test("chaos finds lost edits of a producer that resumes by id", unsanitized, () =>
  chaos(
    {
      program: programAt("tests/chaos/mutants/id_as_sent.ts"),
      nodes: 1,
      patience: 10_000,
      events: 15_000,
      streamFaults: 60,
    },
    ({ verdict: { found, differences } }) => found > 0 && differences.lost > 0,
  ));

Deno.test(
  "chaos finds lost edits of a producer with one T for all topics",
  unsanitized,
  () =>
    chaos(
      {
        program: programAt("tests/chaos/mutants/one_time.ts"),
        nodes: 1,
        patience: 10_000,
        events: 15_000,
        streamFaults: 30,
      },
      ({ verdict: { found, differences } }) => found > 0 && differences.lost > 0,
    ),
);

Deno.test(
  "chaos finds duplicates of a producer with one send for all brokers",
  unsanitized,
  () =>
    chaos(
      {
        program: programAt("tests/chaos/mutants/one_send.ts"),
        patience: 10_000,
        events: 20_000,
        duration: 4000,
      },
      ({ verdict }) => verdict.differences.duplicated > 0,
    ),
);
