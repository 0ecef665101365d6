import { assertEquals } from "@std/assert";
import { rightFlags } from "../../../scripts/dev/permissions.ts";

Deno.test("rightFlags() returns a flag for each kind of permission", () => {
  const env = { allow: ["A", "B"], ignore: ["C*"] };
  assertEquals(rightFlags({ net: ["localhost:9092"], read: true, run: false, env }), [
    ...["--allow-net=localhost:9092", "--allow-read", "--allow-env=A,B", "--ignore-env=C*"],
  ]);
});

Deno.test("rightFlags() supports all forms of environment permissions", () => {
  assertEquals(rightFlags({ env: ["A"] }), ["--allow-env=A"]);
  assertEquals(rightFlags({ env: true }), ["--allow-env"]);
  assertEquals(rightFlags({ env: { ignore: true } }), ["--ignore-env"]);
  assertEquals(rightFlags({}), []);
});
