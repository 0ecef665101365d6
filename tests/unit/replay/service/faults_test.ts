import { assert, assertEquals, assertThrows } from "@std/assert";
import { FaultDraw, withGarbage } from "../../../../lib/replay/service/faults.ts";
import { records } from "../../../../lib/replay/log.ts";
import { syntheticLog } from "../../../../lib/replay/synthetic/log.ts";

Deno.test("FaultDraw ends connections at the mean rate, by seed", () => {
  const draw = (seed: number) => {
    const faults = new FaultDraw({ cutEvery: 100, stallEvery: 1000 }, seed);
    return Array.from({ length: 50_000 }, () => faults.next());
  };
  const drawn = draw(1);
  const count = (ending: string) => drawn.filter((one) => one === ending).length;
  assert(Math.abs(count("cut") - 500) < 80, `${count("cut")}`);
  assert(Math.abs(count("stall") - 50) < 25, `${count("stall")}`);
  assertEquals(count("error"), 0);
  assertEquals(draw(1), drawn);
});

Deno.test("FaultDraw ends every connection for 1, and none for 0", () => {
  assertEquals(new FaultDraw({ errorEvery: 1 }, 0).next(), "error");
  const never = new FaultDraw({ errorEvery: 0 }, 0);
  for (let i = 0; i < 1000; i++) assertEquals(never.next(), undefined);
});

Deno.test("FaultDraw ends no more connections than the limit", () => {
  const faults = new FaultDraw({ cutEvery: 10, errorEvery: 20, maxEndings: 3 }, 1);
  const drawn = Array.from({ length: 1000 }, () => faults.next());
  assertEquals(drawn.filter((one) => one !== undefined).length, 3);
});

Deno.test("FaultDraw.place() is inside the frame", () => {
  const faults = new FaultDraw({}, 3);
  const places = Array.from({ length: 500 }, () => faults.place(4));
  assertEquals([...new Set(places)].sort(), [1, 2, 3]);
});

Deno.test("withGarbage() damages the same records at each read", () => {
  const plain = syntheticLog({ count: 5000 });
  const log = withGarbage(plain, { seed: 1, every: 50 });
  const read = () => [...records(log.topics[0]!)];
  const whole = [...records(plain.topics[0]!)];
  const broken = read().filter(({ data }, i) => {
    if (data.length === whole[i]!.data.length) return false;
    assertThrows(() => JSON.parse(new TextDecoder().decode(data)), SyntaxError);
    return true;
  });
  assert(Math.abs(broken.length - 100) < 35, `${broken.length}`);
  assertEquals(read(), read());
  assertEquals(read().map(({ offset }) => offset), whole.map(({ offset }) => offset));
});
