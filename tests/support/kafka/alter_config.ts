import { findJava } from "../../../lib/local/java/java.ts";
import { kafkaLibs } from "../../../lib/local/kafka/distribution.ts";

/** A change of a user's or a client id's configuration. */
export interface ConfigChange {
  /** Kind and name: `["clients", "wikitap"]`. */
  readonly entity: readonly [kind: "users" | "clients", name: string];
  readonly add?: string;
  readonly remove?: string;
}

/** Changes users or quotas with Kafka's own tool: kafkajs has no request for either. */
export async function alterConfig(
  bootstrapServer: string,
  { entity: [kind, name], add, remove }: ConfigChange,
): Promise<void> {
  const [java, libs] = [await findJava(), await kafkaLibs()];
  const { success, stderr } = await new Deno.Command(java, {
    args: [
      ...["-XX:TieredStopAtLevel=1", "-cp", `${libs}/*`, "kafka.admin.ConfigCommand"],
      ...["--bootstrap-server", bootstrapServer, "--alter"],
      ...["--entity-type", kind, "--entity-name", name],
      ...add === undefined ? [] : ["--add-config", add],
      ...remove === undefined ? [] : ["--delete-config", remove],
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
