import { assert, assertEquals } from "@std/assert";
import stringWidth from "string-width";
import { counted, rateText } from "../../../lib/terminal/numbers.ts";
import { type ProgramStatus, renderStatus, statusText } from "../../../lib/terminal/status_line.ts";

const status: ProgramStatus = {
  state: "reading",
  isHealthy: true,
  parts: ["12 edits/s", "31 events/s", "1.2s behind"],
  facts: {},
};
const render = (width: number, given = status) => renderStatus(given, width, { isColored: false });

Deno.test("renderStatus() shows as many whole parts as fit, from the first", () => {
  const all = "reading · 12 edits/s · 31 events/s · 1.2s behind";
  assertEquals([render(200), render(all.length)], [all, all]);
  assertEquals(render(all.length - 1), "reading · 12 edits/s · 31 events/s");
  assertEquals([render(20), render(19)], ["reading · 12 edits/s", "reading"]);
  assertEquals([render(7), render(6), render(1), render(0)], ["reading", "readi…", "…", ""]);
});

Deno.test("renderStatus() omits all parts after one that does not fit", () => {
  const parts = ["a part that is much too long", "ok"];
  assertEquals(render(20, { ...status, parts }), "reading");
});

Deno.test("renderStatus() counts columns, not characters", () => {
  const wide = { ...status, state: "維基百科", parts: ["編輯 12"] };
  assertEquals([render(18, wide), render(17, wide)], ["維基百科 · 編輯 12", "維基百科"]);
  for (let width = 0; width < 20; width++) assert(stringWidth(render(width, wide)) <= width);
});

Deno.test("renderStatus() colors only the state: green or yellow", () => {
  const colored = (isHealthy: boolean) =>
    renderStatus({ ...status, isHealthy }, 20, { isColored: true });
  assertEquals(colored(true), "\x1b[32mreading\x1b[39m · 12 edits/s");
  assertEquals(colored(false), "\x1b[33mreading\x1b[39m · 12 edits/s");
});

Deno.test("statusText() returns the full status without colors", () => {
  assertEquals(statusText(status), "reading, 12 edits/s, 31 events/s, 1.2s behind");
});

Deno.test("counted() and rateText() format numbers", () => {
  assertEquals([counted(0, "gap"), counted(1, "gap"), counted(1234, "gap")], [
    "0 gaps",
    "1 gap",
    "1,234 gaps",
  ]);
  assertEquals([0, 0.04, 0.44, 9.94, 9.96, 1234.5].map(rateText), [
    ...["0", "0", "0.4", "9.9", "10", "1,235"],
  ]);
});

Deno.test("renderStatus() draws progress as a bar if there is room", () => {
  const status = {
    state: "back-fill",
    isHealthy: true,
    progress: 0.42,
    parts: ["2h covered"],
    facts: {},
  };
  assertEquals(
    renderStatus(status, 80, { isColored: false }),
    "back-fill ████████░░░░░░░░░░░░ 42 % · 2h covered",
  );
  assertEquals(renderStatus(status, 20, { isColored: false }), "back-fill");
  assertEquals(statusText(status), "back-fill, 42 %, 2h covered");
});
