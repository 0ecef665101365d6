import { assertEquals } from "@std/assert";
import { Margin } from "../../../../lib/upstream/resume/margin.ts";

const spent = { duplicates: 1000, hasNews: false };
const early = { duplicates: 999, hasNews: false };
const news = { duplicates: 5000, hasNews: true };

function after(...connections: { duplicates: number; hasNews: boolean }[]): number {
  const margin = new Margin();
  for (const connection of connections) margin.ended(connection);
  return margin.ms;
}

Deno.test("Margin halves after connections that end among duplicates", () => {
  assertEquals(after(), 5000);
  assertEquals(after(spent), 2500);
  assertEquals(after(...Array(7).fill(spent)), 78);
});

Deno.test("Margin grows only with new events", () => {
  assertEquals(after(spent, spent, news), 2500);
  assertEquals(after(spent, spent, early, early, early), 1250);
  assertEquals(after(news), 5000);
});
