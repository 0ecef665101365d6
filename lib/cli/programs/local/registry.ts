import { type Main, program } from "../../program.ts";
import { flag, option, type OptionGroup, type Values } from "../../option.ts";
import { runService, type Service } from "./local_service.ts";
import { port } from "../../values.ts";
import {
  REGISTRY_DIRECTORY,
  registryStatus,
  startRegistry,
  stopRegistry,
} from "../../../local/registry/registry.ts";

const registryOptions = {
  title: "start",
  options: {
    port: option({
      placeholder: "PORT",
      help: "Port on 127.0.0.1. 0: any free port.",
      parse: port,
      default: 8081,
    }),
    detach: flag("Return when the registry is ready, and leave it running until 'stop'."),
    clean: flag("Delete the schemas of earlier runs. Records that use them stay."),
  },
} satisfies OptionGroup;

/** Runs a schema registry on this machine. */
export const registryMain: Main = program({
  usage: "deno task registry start|stop|status",
  summary: "Runs a schema registry on this machine (Apicurio, with Confluent's API), to try out " +
    "Avro. The first start downloads it with Maven (140 MB). Schemas and log are in .local/registry.",
  examples: [
    ["deno task registry start", "Port 8081, until Ctrl-C; prints the URL"],
    ["deno task registry start --detach", "The same in the background, until 'stop'"],
    ["deno task registry status", "Shows whether it answers; exit code 1 if not"],
    ["deno task registry stop", "Stops it; the schemas stay"],
  ],
  groups: [registryOptions],
  operands: 1,
  run: (options, stop) => {
    return runService(serviceOf(options), options, stop);
  },
});

function serviceOf(
  { port, clean, detach }: Values<typeof registryOptions.options>,
): Service {
  return {
    name: "Registry",
    async find() {
      const found = await registryStatus(REGISTRY_DIRECTORY);
      if (!found?.answers) return undefined;
      return port === 0 || new URL(found.url).port === String(port) ? found.url : undefined;
    },
    async start(signal) {
      const registry = await startRegistry({
        directory: REGISTRY_DIRECTORY,
        port,
        clean,
        detached: detach,
        signal,
      });
      return {
        address: registry.url,
        ended: registry.ended.then((code) => ({
          name: "the registry",
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
