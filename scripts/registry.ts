/**
 * A real schema registry on this machine, for values in Avro: needs Java 17, and Maven to fetch it.
 *
 *     deno task registry start
 *     deno task start --format avro --schema-registry http://127.0.0.1:8081/apis/ccompat/v7
 */
import { flag, option, type OptionGroup, type Values } from "../lib/cli/option.ts";
import { program, runMain } from "../lib/cli/program.ts";
import { runService, type Service } from "../lib/cli/programs/local_service.ts";
import { port } from "../lib/cli/values.ts";
import {
  REGISTRY_DIRECTORY,
  registryStatus,
  startRegistry,
  stopRegistry,
} from "../lib/local/registry/registry.ts";

const registryOptions = {
  title: "start",
  options: {
    port: option({
      placeholder: "PORT",
      help: "TCP port on 127.0.0.1. 0: any that is free.",
      parse: port,
      default: 8081,
    }),
    detach: flag("Return when the registry answers; it then lives until 'stop'."),
    clean: flag("Drop all schemas of earlier runs; records that were written with them stay."),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno task registry start|stop|status",
  summary: "A real schema registry on this machine (Apicurio, with Confluent's API), for values " +
    "in Avro. It is fetched with Maven the first time (140 MB); schemas and log are in " +
    ".local/registry.",
  examples: [
    ["deno task registry start", "On port 8081, until Ctrl-C; prints the URL"],
    ["deno task registry start --detach", "The same in the background, until 'stop'"],
    ["deno task registry status", "Whether it answers (exit code 1 if it does not)"],
    ["deno task registry stop", "Stop it, whoever started it; the schemas stay"],
  ],
  groups: [registryOptions],
  operands: 1,
  run: (options, stop) => runService(serviceOf(options), options, stop),
});

function serviceOf(
  { port, clean, detach }: Values<typeof registryOptions.options>,
): Service {
  return {
    name: "registry",
    async find() {
      const found = await registryStatus(REGISTRY_DIRECTORY);
      if (!found?.answers) return undefined;
      return port === 0 || new URL(found.url).port === String(port) ? found.url : undefined;
    },
    async start(signal) {
      const registry = await startRegistry({
        directory: REGISTRY_DIRECTORY,
        ...{ port, clean, detached: detach, signal },
      });
      return {
        address: registry.url,
        ended: registry.ended.then((code) => ({
          name: "The registry",
          code,
          log: `${REGISTRY_DIRECTORY}/registry.log`,
        })),
        [Symbol.asyncDispose]: () => registry.stop(),
      };
    },
    stop: () => stopRegistry(REGISTRY_DIRECTORY),
    async status() {
      const found = await registryStatus(REGISTRY_DIRECTORY);
      return found === undefined ? [] : [{ address: found.url, ...found }];
    },
  };
}

if (import.meta.main) await runMain(main);
