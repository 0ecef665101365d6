import { NAMESPACES } from "../../lib/edits/event/namespaces.ts";
import { v8Flags } from "./tasks.ts";

/** The parameters of a run. */
export interface Task {
  readonly streamUrl: string;
  readonly broker: string;
  readonly topic: string;
  /** The number of records to publish. */
  readonly edits: number;
}

/** A producer to compare. */
export interface Peer {
  readonly name: string;
  /** Whether it takes many times as long, and gets a tenth of the events. */
  readonly isSlow?: boolean;
  /** Prepares it. Throws if its tools are missing. */
  readonly prepare: () => Promise<void>;
  readonly command: (task: Task) => readonly string[];
}

const HERE = "tests/bench/peers";
const TOOLS = ".local/bench";
const PYTHON = `${TOOLS}/python/bin/python`;
const PLATFORMATIC = "npm:@platformatic/kafka@2.12.1";
const PACKAGES = [
  "kafka-python==2.0.2",
  "sseclient==0.0.27",
  "requests==2.34.2",
  "confluent-kafka==2.16.1",
];

/** Returns wikitap with additional flags. */
export function wikitap(name: string, ...flags: readonly string[]): Peer {
  return {
    name,
    prepare: () => run(["deno", "cache", "main.ts"]),
    command: ({ streamUrl, broker, topic, edits }) => [
      ...["deno", "run", "-q", "--no-prompt", ...v8Flags("start"), "-A", "main.ts"],
      ...["--quiet", "--stream-url", streamUrl],
      ...["--bootstrap-server", broker, "--topic", topic, "--events-to-produce", String(edits)],
      ...flags,
    ],
  };
}

export const EXACTLY_ONCE = wikitap("wikitap, exactly-once");

/** All producers. The others are configured by environment variables. */
export const PEERS: readonly Peer[] = [
  EXACTLY_ONCE,
  wikitap("wikitap, at-least-once", "--delivery", "at-least-once"),
  {
    name: "Go: net/http, franz-go",
    prepare: buildFranz,
    command: () => [`${TOOLS}/franz`],
  },
  {
    name: "Go: franz-go, transactions",
    prepare: buildFranz,
    command: () => [`${TOOLS}/franz`, "-transactions"],
  },
  {
    name: "Deno: @platformatic/kafka",
    prepare: () => run(["deno", "cache", "--no-lock", PLATFORMATIC]),
    command: () => ["deno", "run", "-q", "-A", "--no-lock", `${HERE}/platformatic.ts`],
  },
  {
    name: "Python: requests, confluent-kafka",
    prepare: preparePython,
    command: () => [PYTHON, `${HERE}/confluent.py`],
  },
  {
    name: "curl, jq, kcat",
    prepare: async () => {
      for (const tool of ["curl", "jq", "kcat"]) await run(["sh", "-c", `command -v ${tool}`]);
    },
    command: () => ["sh", `${HERE}/shell.sh`],
  },
  {
    name: "kafkajs, one send per event",
    isSlow: true,
    prepare: () => run(["deno", "cache", `${HERE}/naive_kafkajs.ts`]),
    command: () => ["deno", "run", "-q", "-A", `${HERE}/naive_kafkajs.ts`],
  },
  {
    name: "Python: the tutorial",
    isSlow: true,
    prepare: preparePython,
    command: () => [PYTHON, `${HERE}/tutorial.py`],
  },
];

export function environment({ streamUrl, broker, topic, edits }: Task): Record<string, string> {
  return {
    STREAM_URL: streamUrl,
    BROKER: broker,
    TOPIC: topic,
    EVENTS: String(edits),
    NAMESPACES: JSON.stringify(Object.fromEntries(NAMESPACES)),
    KAFKAJS_NO_PARTITIONER_WARNING: "1",
  };
}

function buildFranz(): Promise<void> {
  return run(["go", "build", "-C", `${HERE}/franz`, "-o", `../../../../${TOOLS}/franz`]);
}

async function preparePython(): Promise<void> {
  await run(["python3", "-m", "venv", `${TOOLS}/python`]);
  await run([PYTHON, "-m", "pip", "install", "-q", ...PACKAGES]);
}

async function run([command, ...args]: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command!, { args, stdin: "null" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim() || `no ${args.at(-1)}`);
}
