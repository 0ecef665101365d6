import { type Running, startProgram } from "../programs/program.ts";

/** The dashboard as a separate program, with the permissions of its task. */
export class TestDashboard implements AsyncDisposable {
  readonly #program: Running;
  /** The address of the page. */
  readonly url: string;

  private constructor(program: Running, url: string) {
    this.#program = program;
    this.url = url;
  }

  get pid(): number {
    return this.#program.process.pid;
  }

  /**
   * Starts it, and returns when the page can be opened.
   *
   * @param options The port (default 0: any free one), and the time limit in ms (default 5
   * minutes).
   */
  static async start(
    bootstrapServers: string,
    topic: string,
    { port = 0, limit = 300_000 }: { port?: number; limit?: number } = {},
  ): Promise<TestDashboard> {
    const flags = ["--port", `${port}`, "--bootstrap-server", bootstrapServers, "--topic", topic];
    const options = { permissions: ["-P=dashboard"], limit };
    const program = startProgram("scripts/dashboard.ts", [...flags, "--quiet"], options);
    return new TestDashboard(program, (await program.untilOutput("\n")).trim());
  }

  /** Stops it as Ctrl-C does, and returns its exit code. */
  async stop(): Promise<number> {
    this.#program.kill("SIGINT");
    return (await this.#program.ended).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
