import { getLogger } from "@logtape/logtape";
import { assertEquals } from "@std/assert";
import { jsonValues } from "../../../../lib/avro/json_values.ts";
import { recordSelection } from "../../../../lib/cli/programs/record_selection.ts";
import { editOf } from "../../../support/kafka/records.ts";
import { gatherLog } from "../../../support/programs/logged.ts";

const encoder = new TextEncoder();
const readable = jsonValues(undefined);

/** Returns a record whose edit, timestamp in ms and offset are this number. */
const record = (number: number) => ({
  key: null,
  value: encoder.encode(JSON.stringify(editOf(number))),
  timestamp: String(number),
  offset: String(number),
});
const offsets = async (selected: ReturnType<ReturnType<typeof recordSelection>["select"]>) =>
  (await selected).map(({ offset }) => Number(offset));

const logger = getLogger(["wikitap", "test"]);

Deno.test("recordSelection() selects times from --since to before --until", async () => {
  const { select } = recordSelection({ since: 10, until: 20 }, readable, logger);
  assertEquals(await offsets(select([20, 12, 9, 19, 10].map(record))), [12, 19, 10]);
});

Deno.test("recordSelection() without conditions selects all, and copies none", () => {
  const records = [1, 2].map(record);
  assertEquals(recordSelection({}, readable, logger).select(records) === records, true);
});

Deno.test("recordSelection() warns once of a filter without values", async () => {
  using log = gatherLog();
  const { select, end } = recordSelection({ filter: { types: ["log"] } }, readable, logger);
  for (let first = 0; first < 2000; first += 500) {
    const part = Array.from({ length: 500 }, (_, i) => record(first + i));
    assertEquals(await offsets(select(part)), []);
  }
  end();
  assertEquals(log.lines, [
    "warning: No record passes --filter: none of 1000 records has types",
  ]);
});

Deno.test("recordSelection() does not warn of a filter with values", async () => {
  using log = gatherLog();
  const { select, end } = recordSelection({ filter: { wikis: ["xwiki"] } }, readable, logger);
  assertEquals(await offsets(select([record(1)])), []);
  end();
  assertEquals(log.lines, []);
});
