import { assertEquals, assertStringIncludes } from "@std/assert";
import { kafkaLibs } from "../../lib/local/kafka/distribution.ts";
import { shell } from "../../lib/local/process/shell.ts";
import { testFolder } from "../support/tools/folder.ts";
import { needing } from "../support/tools/skip.ts";
import { ServiceProgram } from "../support/programs/service.ts";

/** Runs a program as a user who may not listen on ports below 1024. */
const ORDINARY = ["timeout", "60", "setpriv", "--bounding-set", "-net_bind_service"];
const { code } = await shell(
  '"$@" true && [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ]',
  ...ORDINARY,
);
const missing = code === 0 ? undefined : "no setpriv, or every user may listen on port 80";

const KAFKA_HOME = (await Deno.realPath(await kafkaLibs())).replace(/\/libs$/, "");
const env = { KAFKA_HOME, JAVA_HOME: "" };
const PROGRAMS = {
  "replay": new ServiceProgram("scripts/replay.ts", env).args(["--port", "80"]),
  "kafka start": new ServiceProgram("scripts/kafka.ts", env).args(["start", "--port", "80"]),
};

for (const [name, args] of Object.entries(PROGRAMS)) {
  Deno.test(needing(missing, {
    name: `${name} reports a port on which the user may not listen`,
    fn: async () => {
      await using folder = await testFolder();
      const [command, ...words] = [...ORDINARY, Deno.execPath(), ...args];
      const { code, stderr } = await new Deno.Command(command!, {
        args: words,
        cwd: folder.path,
        env,
        stdin: "null",
      }).output();
      const text = new TextDecoder().decode(stderr);
      assertStringIncludes(text, "error: Cannot listen on port 80: permission denied\n  Choose ");
      assertEquals(code, 1);
    },
  }));
}
