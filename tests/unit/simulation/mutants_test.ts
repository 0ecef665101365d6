import { assertEquals } from "@std/assert";
import { MUTANTS } from "../../simulation/mutants/mutants.ts";

for (const { name, file, find } of MUTANTS) {
  Deno.test(`mutants replace text that is in ${file}: ${name.slice(0, 20)}`, () => {
    const text = Deno.readTextFileSync(new URL(`../../../${file}`, import.meta.url));
    assertEquals(text.split(find).length - 1, 1, `'${find}' of the mutant '${name}'`);
  });
}
