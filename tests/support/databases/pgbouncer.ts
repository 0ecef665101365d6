import { freePort } from "../../../lib/local/process/ports.ts";
import { supervise } from "../../../lib/local/process/process.ts";
import { shell } from "../../../lib/local/process/shell.ts";
import { testFolder } from "../tools/folder.ts";
import { until } from "../tools/until.ts";
import { POSTGRES_USER, type TestPostgres } from "./postgres.ts";

/** The pooling mode: each client has a connection, or borrows one for a transaction. */
export type PoolMode = "session" | "transaction";

/** Why tests that need pgbouncer are skipped; `undefined` if there is one. */
export const NO_PGBOUNCER = (await shell('PATH="$PATH:/usr/sbin" command -v pgbouncer')).code === 0
  ? undefined
  : "no pgbouncer: apt-get install pgbouncer";

/** Starts a pooler with its default settings in front of a server. Disposing ends it. */
export async function startPgbouncer(
  server: TestPostgres,
  user: string,
  mode: PoolMode,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ readonly port: number } & AsyncDisposable> {
  const folder = await testFolder();
  const port = freePort();
  const lines = {
    listen_addr: "127.0.0.1",
    listen_port: String(port),
    unix_socket_dir: "",
    auth_type: "scram-sha-256",
    auth_file: `${folder.path}/users`,
    pool_mode: mode,
    ...settings,
  };
  await Deno.writeTextFile(`${folder.path}/users`, `"${user}" "${server.password}"\n`);
  await Deno.writeTextFile(
    `${folder.path}/pgbouncer.ini`,
    [
      "[databases]",
      `* = host=127.0.0.1 port=${server.port}`,
      "[pgbouncer]",
      ...Object.entries(lines).map(([name, value]) => `${name} = ${value}`),
    ].join("\n"),
  );
  const output = `${folder.path}/log`;
  await Deno.writeTextFile(output, "");
  // It does not run as root.
  await shell(
    'if [ "$(id -u)" = 0 ]; then chown -R "$2" "$1"; fi',
    folder.path,
    `${POSTGRES_USER}`,
  );
  const drop = Deno.uid() === 0 ? ["setpriv", `--reuid=${POSTGRES_USER}`, "--clear-groups"] : [];
  const command = [...drop, "sh", "-c", 'PATH="$PATH:/usr/sbin" exec pgbouncer "$0"'];
  const started = await supervise([...command, `${folder.path}/pgbouncer.ini`], { output });
  await until(() => Deno.readTextFile(output), (log) => log.includes("process up"));
  return {
    port,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
