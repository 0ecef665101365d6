/** The folder of the Python with Confluent's client. */
const FOLDER = ".local/python";
const PYTHON = `${FOLDER}/bin/python`;

/** Confluent's own client, whose deserializer shares no code with wikitap. */
const PACKAGE = "confluent-kafka[avro]==2.16.1";

/** The packages of the tutorial's program. */
const TUTORIAL = ["kafka-python==2.0.2", "sseclient==0.0.27"];

/** Common packages for reading Parquet (420 MB). */
const ENGINES = ["duckdb==2.0.1", "duckdb-cli==1.5.6", "pyarrow==26.0.1", "polars==2.1.0"];

const TO_GET_THEM = "deno task test --registry";

/** The absolute path of the folder with programs of the packages, such as `duckdb`. */
export const PYTHON_PROGRAMS = `${Deno.cwd()}/${FOLDER}/bin`;

/** Installs a Python with Confluent's client and the engines, if they are available (450 MB). */
export async function preparePython(): Promise<void> {
  if (await hasConfluent() && await hasTutorial() && await hasEngines()) return;
  await prepareVirtualEnvironment();
  await run(PYTHON, "-m", "pip", "install", "-q", PACKAGE, ...TUTORIAL, ...ENGINES);
}

/** Creates an environment for Python packages, unless it exists. Returns its folder. */
export async function prepareVirtualEnvironment(): Promise<string> {
  if ((await run(PYTHON, "--version")).code !== 0) await run("python3", "-m", "venv", FOLDER);
  return await Deno.realPath(FOLDER);
}

/** Why tests of Parquet with Python are skipped; `undefined` if they can run. */
export async function noEngines(): Promise<string | undefined> {
  return await hasEngines() ? undefined : `no DuckDB, pyarrow, polars: ${TO_GET_THEM}`;
}

async function hasEngines(): Promise<boolean> {
  const hasShell = (await run(`${FOLDER}/bin/duckdb`, "--version")).code === 0;
  return hasShell && (await run(PYTHON, "-c", "import duckdb, pyarrow, polars")).code === 0;
}

/** Returns the output of a Python script as lines of JSON. */
export async function runPython<T>(script: string, ...args: string[]): Promise<T[]> {
  const { code, stdout, stderr } = await run(PYTHON, "-c", script, ...args);
  if (code !== 0) throw new Error(`Python ended with ${code}: ${stderr}`);
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** Why tests of Confluent's client are skipped; `undefined` if there is one. */
export async function noConfluent(): Promise<string | undefined> {
  return await hasConfluent() ? undefined : `no Python with confluent-kafka: ${TO_GET_THEM}`;
}

async function hasConfluent(): Promise<boolean> {
  return (await run(PYTHON, "-c", "import confluent_kafka.schema_registry.avro")).code === 0;
}

/** Why tests of the tutorial's program are skipped; `undefined` if it can run. */
export async function noTutorial(): Promise<string | undefined> {
  return await hasTutorial() ? undefined : `no Python with kafka-python: ${TO_GET_THEM}`;
}

async function hasTutorial(): Promise<boolean> {
  return (await run(PYTHON, "-c", "import kafka, sseclient")).code === 0;
}

/** Runs the tutorial's program, which is configured by its environment. */
export async function runTutorial(env: Readonly<Record<string, string>>): Promise<void> {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const { code, stderr } = await run("env", ...variables, PYTHON, "tests/bench/peers/tutorial.py");
  if (code !== 0) throw new Error(`The tutorial's program ended with ${code}: ${stderr}`);
}

/** The topic to read, and the options. */
export interface PythonRead {
  readonly kafka: string;
  readonly registry: string;
  readonly topic: string;
  readonly count: number;
  /** The reader's schema, as JSON. Default: that of the writer. */
  readonly readerSchema?: string;
}

/** Returns the values of a topic as JSON, as Confluent's Python deserializer reads them. */
export async function readWithPython(
  { kafka, registry, topic, count, readerSchema = "" }: PythonRead,
): Promise<Record<string, unknown>[]> {
  return await runPython(READER, kafka, registry, topic, String(count), readerSchema);
}

const READER = `
import json, sys, time
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

kafka, registry, topic, count, schema = sys.argv[1:]
client = SchemaRegistryClient({"url": registry})
deserialize = AvroDeserializer(client, schema) if schema else AvroDeserializer(client)
consumer = Consumer({
    "bootstrap.servers": kafka,
    "group.id": topic + "-python-" + str(time.time()),
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
})
consumer.subscribe([topic])
left, deadline = int(count), time.time() + 30
while left > 0:
    if time.time() > deadline:
        sys.exit("too late")
    message = consumer.poll(0.5)
    if message is None:
        continue
    if message.error():
        sys.exit(str(message.error()))
    context = SerializationContext(topic, MessageField.VALUE)
    print(json.dumps(deserialize(message.value(), context)))
    left -= 1
consumer.close()
`;

async function run(
  command: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args,
      stdin: "null",
      signal: AbortSignal.timeout(180_000),
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { code: 127, stdout: "", stderr: `There is no ${command}` };
  }
}
