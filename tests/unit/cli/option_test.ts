import { assertEquals, assertThrows } from "@std/assert";
import { flag, option, parseOptions } from "../../../lib/cli/option.ts";
import { integer } from "../../../lib/cli/values.ts";
import { UsageError } from "../../../lib/shared/error.ts";

const group = {
  title: "Options",
  options: {
    batchSize: option({ help: "", alias: ["batch_size"], parse: integer(-5, 5), default: 3 }),
    topic: option({ help: "", env: "TOPIC", parse: String }),
    config: option({ help: "", parse: (text) => text.split("\n"), repeatable: true }),
    quiet: flag(""),
  },
};
const parse = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  parseOptions([group], args, (name) => env[name]);

Deno.test("parseOptions() returns defaults, or undefined", () => {
  const values = { batchSize: 3, topic: undefined, config: undefined, quiet: false };
  assertEquals(parse([]), { ...values, operands: [] });
});

Deno.test("parseOptions() reads hyphens, aliases, '=' and negative values", () => {
  for (const args of ["--batch-size 5", "--batch-size=5", "--batch_size 5", "--batch_size=5"]) {
    assertEquals(parse(args.split(" ")).batchSize, 5);
  }
  assertEquals(parse(["--batch-size", "-1"]).batchSize, -1);
});

Deno.test("parseOptions() does not use the word after a switch as its value", () => {
  const { quiet, operands } = parse(["--quiet", "start"]);
  assertEquals([quiet, operands], [true, ["start"]]);
  assertEquals(parse(["--quiet=false"]).quiet, false);
});

Deno.test("parseOptions() joins the values of repeatable flags", () => {
  assertEquals(parse(["--config", "a=1", "--config=b=2"]).config, ["a=1", "b=2"]);
});

Deno.test("parseOptions() reads the environment without a flag; empty is unset", () => {
  assertEquals(parse([], { TOPIC: "a" }).topic, "a");
  assertEquals(parse(["--topic", "b"], { TOPIC: "a" }).topic, "b");
  assertEquals(parse([], { TOPIC: "" }).topic, undefined);
});

Deno.test("parseOptions() throws UsageError with the reason", () => {
  const wrong: readonly (readonly [args: string, message: string])[] = [
    ["--no-such 1", "Cannot parse the command line: unknown flag '--no-such'"],
    ["-q", "Cannot parse the command line: unknown flag '-q'"],
    ["-- --quiet", "Cannot parse the command line: unexpected argument '--'"],
    ["--topic", "Cannot use --topic without a value: expected VALUE"],
    ["--topic --quiet", "Cannot use --topic without a value: expected VALUE"],
    ["--topic=", "Cannot use --topic without a value: expected VALUE"],
    ["--topic a --topic b", "Cannot use --topic 2 times: expected one value"],
    ["--batch-size 1 --batch_size 2", "Cannot use --batch-size 2 times: expected one value"],
    [
      "--batch-size x",
      "Cannot use the value 'x' for --batch-size: expected a whole number from -5 to 5",
    ],
    ["--quiet=no", "Cannot use the value 'no' for --quiet: expected no value, 'true' or 'false'"],
  ];
  for (const [args, message] of wrong) {
    const { message: said } = assertThrows(() => parse(args.split(" ")), UsageError);
    assertEquals(said, message);
  }
});

Deno.test("parseOptions() suggests the closest flag", () => {
  const hint = (arg: string) => assertThrows(() => parse([arg]), UsageError).hint;
  assertEquals(hint("--topc"), "Did you mean --topic? See --help");
  assertEquals(hint("--bach-sise=5"), "Did you mean --batch-size? See --help");
  assertEquals(hint("-quiet"), "Did you mean --quiet? See --help");
  for (const far of ["-q", "--no-such", `--${"topic".repeat(10_000)}`]) {
    assertEquals(hint(far), "See --help for the flags of this program");
  }
});

Deno.test("parseOptions() names the variable of a bad value, without secrets", () => {
  const refused = (parse: (text: string) => unknown, value: string) => {
    const options = { size: option({ help: "", env: "SIZE", parse }) };
    const read = () => parseOptions([{ title: "", options }], [], () => value);
    return assertThrows(read, UsageError).message;
  };
  const cut = `'${"9".repeat(100)}…'`;
  assertEquals(
    refused(integer(1, 2), "9".repeat(500)),
    `Cannot use the value ${cut} for SIZE (environment): expected a whole number from 1 to 2`,
  );
  const secretive = () => {
    throw new UsageError("The address holds a password");
  };
  assertEquals(refused(secretive, "hunter2"), "The address holds a password");
});
