import { assertEquals } from "@std/assert";
import { javaVersion } from "../../../../lib/local/java/java.ts";

Deno.test("javaVersion() reads the feature release of all kinds of Java", () => {
  assertEquals(javaVersion('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime …'), 17);
  assertEquals(javaVersion('openjdk version "25" 2025-09-16'), 25);
  assertEquals(javaVersion('java version "21-ea" 2023-09-19'), 21);
  assertEquals(javaVersion('openjdk version "1.8.0_412"'), 8);
});

Deno.test("javaVersion() accepts a warning before the version", () => {
  assertEquals(javaVersion('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "17.0.1"'), 17);
});

Deno.test("javaVersion() is undefined if no Java responds", () => {
  assertEquals(
    javaVersion("The operation couldn't be completed. Unable to locate a Java"),
    undefined,
  );
});
