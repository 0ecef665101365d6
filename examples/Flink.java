// Counts edits per minute and wiki with Flink SQL, from the beginning of a topic to its current
// end.
//
// In batch mode, Flink reads all records before it counts, so no edit is late. In streaming mode a
// window ends when the watermark passes it, and later edits are dropped: to try that, replace
// inBatchMode() with inStreamingMode().
//
//     mvn -q -f examples/pom.xml -P flink dependency:copy-dependencies \
//       -DoutputDirectory="$PWD/.local/flink"
//     java --add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED \
//       -cp '.local/flink/*' examples/Flink.java localhost:9092 wikipedia-events

import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

class EditsPerMinute {
  public static void main(String[] arguments) throws Exception {
    var configuration = new Configuration();
    configuration.setString("parallelism.default", "1");
    configuration.setString("table.local-time-zone", "UTC");
    var tables = TableEnvironment.create(EnvironmentSettings.newInstance()
        .inBatchMode().withConfiguration(configuration).build());
    tables.executeSql("""
        CREATE TABLE edits (
          domain STRING,
          `timestamp` TIMESTAMP_LTZ(3),
          WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '1' MINUTE
        ) WITH (
          'connector' = 'kafka',
          'topic' = '%s',
          'properties.bootstrap.servers' = '%s',
          'properties.isolation.level' = 'read_committed',
          'scan.startup.mode' = 'earliest-offset',
          'scan.bounded.mode' = 'latest-offset',
          'format' = 'json',
          'json.timestamp-format.standard' = 'ISO-8601',
          'json.ignore-parse-errors' = 'true'
        )""".formatted(arguments[1], arguments[0]));
    var counts = tables.executeSql("""
        SELECT window_start, domain, COUNT(*)
        FROM TABLE(TUMBLE(TABLE edits, DESCRIPTOR(`timestamp`), INTERVAL '1' MINUTE))
        WHERE domain IS NOT NULL
        GROUP BY window_start, window_end, domain""");
    try (var rows = counts.collect()) {
      rows.forEachRemaining(row -> System.out.println(
          row.getField(0) + "Z\t" + row.getField(1) + "\t" + row.getField(2)));
    }
    System.exit(0);
  }
}
