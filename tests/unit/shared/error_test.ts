import { assertEquals } from "@std/assert";
import { errorChain } from "../../../lib/shared/error.ts";

Deno.test("errorChain() lists an error and its causes, the outermost first", () => {
  const inner = new TypeError("inner", { cause: "no error" });
  const outer = new Error("outer", { cause: inner });
  assertEquals(errorChain(outer), [outer, inner]);
  assertEquals(errorChain("no error"), []);
});

Deno.test("errorChain() ends after ten errors, even in a circle", () => {
  const error = new Error("circle");
  error.cause = error;
  assertEquals(errorChain(error).length, 10);
});
