/** The dashboard as a program of its own, with the rights that it has as a task. */
export class TestDashboard implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  /** The address of the page. */
  readonly url: string;

  private constructor(process: Deno.ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Starts it, and returns when the page can be opened.
   *
   * @param port Default 0: any that is free.
   */
  static async start(
    bootstrapServers: string,
    topic: string,
    port = 0,
  ): Promise<TestDashboard> {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "--no-prompt", "-P=dashboard"],
        ...["scripts/dashboard.ts", "--port", `${port}`, "--quiet"],
        ...["--bootstrap-server", bootstrapServers, "--topic", topic],
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let text = "";
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.endsWith("\n")) return new TestDashboard(process, text.trim());
    }
    throw new Error(`The dashboard ended: exit code ${(await process.status).code}`);
  }

  /** Stops it as Ctrl-C does, and returns its exit code. */
  async stop(): Promise<number> {
    try {
      this.#process.kill("SIGINT");
    } catch {
      // It has ended already.
    }
    return (await this.#process.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
