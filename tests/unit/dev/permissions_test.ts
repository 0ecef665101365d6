import { assertEquals } from "@std/assert";
import { rightFlags } from "../../../scripts/dev/permissions.ts";

Deno.test("rightFlags() gives a flag for each kind of right", () => {
  const env = { allow: ["A", "B"], ignore: ["C*"] };
  assertEquals(rightFlags({ net: ["localhost:9092"], read: true, run: false, env }), [
    ...["--allow-net=localhost:9092", "--allow-read", "--allow-env=A,B", "--ignore-env=C*"],
  ]);
});

Deno.test("rightFlags() takes all forms of the right to the environment", () => {
  assertEquals(rightFlags({ env: ["A"] }), ["--allow-env=A"]);
  assertEquals(rightFlags({ env: true }), ["--allow-env"]);
  assertEquals(rightFlags({ env: { ignore: true } }), ["--ignore-env"]);
  assertEquals(rightFlags({}), []);
});
