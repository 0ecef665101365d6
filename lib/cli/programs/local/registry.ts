import { flag, type GroupValues, option, type OptionGroup } from "../../option.ts";
import { runService, type Service } from "./local_service.ts";
import { port } from "../../values.ts";
import {
  REGISTRY_DIRECTORY,
  registryStatus,
  startRegistry,
  stopRegistry,
} from "../../../local/registry/registry.ts";
import type { ExitCode } from "../../../shared/error.ts";

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

/** The option groups of `registry`, in the order of `--help`. */
export const REGISTRY_SERVICE_GROUPS = [registryOptions] as const;
type RegistryServiceValues = GroupValues<typeof REGISTRY_SERVICE_GROUPS> & {
  readonly operands: readonly string[];
};

/** Starts, stops or shows the registry, as the operand says. */
export function runRegistry(
  options: RegistryServiceValues,
  stop: AbortSignal,
): Promise<ExitCode | void> {
  return runService(serviceOf(options), options, stop);
}

function serviceOf(
  { port, clean, detach }: RegistryServiceValues,
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
