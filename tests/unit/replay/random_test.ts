import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { fraction, hash, Random, uuid } from "../../../lib/replay/random.ts";

Deno.test("hash() depends on seed, sequence and index", () => {
  assertEquals(hash(1, 2, 3), hash(1, 2, 3));
  const others: [number, number, number][] = [[2, 2, 3], [1, 3, 3], [1, 2, 4], [1, 2, 3 + 2 ** 32]];
  for (const place of others) assertNotEquals(hash(1, 2, 3), hash(...place));
});

Deno.test("fraction() is evenly distributed", () => {
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 20_000; i++) counts[Math.floor(fraction(7, 1, i) * 10)]++;
  for (const count of counts) assert(Math.abs(count - 2000) < 200, `${counts}`);
});

Deno.test("uuid() returns distinct UUIDs of version 4", () => {
  const decoder = new TextDecoder();
  const all = Array.from({ length: 5000 }, (_, i) => decoder.decode(uuid(3, 1, i)));
  assertEquals(new Set(all).size, 5000);
  for (const one of all) {
    assertMatch(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

Deno.test("Random repeats its results for the same seed", () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.integer(0, 9));
  };
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
});

Deno.test("Random.weighted() returns choices in proportion to their weights", () => {
  const random = new Random(5);
  const choices = [{ name: "a", weight: 3 }, { name: "b", weight: 1 }];
  let a = 0;
  for (let i = 0; i < 4000; i++) if (random.weighted(choices).name === "a") a++;
  assert(Math.abs(a - 3000) < 150, `${a}`);
});
