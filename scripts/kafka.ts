/**
 * Runs Apache Kafka on this machine, without Docker. Needs Java 17, and Maven or `KAFKA_HOME`.
 *
 *     deno task kafka start
 */
import { runMain } from "../lib/cli/program.ts";
import { kafkaMain as main } from "../lib/cli/programs/local/kafka.ts";

export { main };

if (import.meta.main) await runMain(main);
