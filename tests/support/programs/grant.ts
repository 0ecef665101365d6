import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
// After lib's own import, which replaces parts of it.
const { default: kafkajs } = await import("kafkajs");
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** Operations of Kafka's ACLs by resource. A name that ends in `*` is a prefix. */
export interface Rights {
  readonly topic?: Readonly<Record<string, readonly string[]>>;
  readonly group?: Readonly<Record<string, readonly string[]>>;
  readonly transactionalId?: Readonly<Record<string, readonly string[]>>;
  readonly cluster?: readonly string[];
}

/** Grants a user further ACLs. */
export async function grant(cluster: Cluster, user: string, rights: Rights): Promise<void> {
  const acl = [
    ...entries(AclResourceTypes.TOPIC, rights.topic),
    ...entries(AclResourceTypes.GROUP, rights.group),
    ...entries(AclResourceTypes.TRANSACTIONAL_ID, rights.transactionalId),
    ...entries(AclResourceTypes.CLUSTER, { "kafka-cluster": rights.cluster ?? [] }),
  ].map((entry) => ({
    ...entry,
    principal: `User:${user}`,
    host: "*",
    permissionType: AclPermissionTypes.ALLOW,
  }));
  await withAdmin(cluster, { action: "grant rights" }, (admin) => admin.createAcls({ acl }));
}

function entries(
  resourceType: number,
  resources: Readonly<Record<string, readonly string[]>> = {},
) {
  return Object.entries(resources).flatMap(([name, operations]) =>
    operations.map((operation) => ({
      resourceType,
      resourceName: name.replace(/\*$/, ""),
      resourcePatternType: name.endsWith("*")
        ? ResourcePatternTypes.PREFIXED
        : ResourcePatternTypes.LITERAL,
      operation: operationType(operation),
    }))
  );
}

/** `DescribeConfigs` is `DESCRIBE_CONFIGS` here. */
function operationType(name: string): number {
  const key = name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  return AclOperationTypes[key as keyof typeof AclOperationTypes];
}
