// Counts edits per minute and wiki, exactly once, from one topic into another. Runs until Ctrl-C.
//
// A window accepts edits until GRACE after its end, in the time of the records. Later edits are
// dropped silently. For a back-fill, GRACE must exceed the disorder of its records. The state of
// all windows within GRACE is kept on disk and in a topic.
//
//     mvn -q -f examples/pom.xml -P kafka-streams dependency:copy-dependencies \
//       -DoutputDirectory="$PWD/.local/kafka-streams"
//     deno task create-topic --topic edits-per-minute --config cleanup.policy=compact
//     java -cp '.local/kafka-streams/*' examples/KafkaStreams.java localhost:9092 \
//       wikipedia-events edits-per-minute P1D

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.TimeWindows;

class EditsPerMinute {
  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) {
    var settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[2] + "-app");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    // Also makes the consumers read committed records only.
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.String().getClass());
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.String().getClass());
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    settings.put("auto.offset.reset", "earliest");

    var builder = new StreamsBuilder();
    // The time of a record is that of its edit.
    builder.<String, String>stream(arguments[1])
        .groupBy((key, value) -> wiki(value), Grouped.with(Serdes.String(), Serdes.String()))
        .windowedBy(TimeWindows.ofSizeAndGrace(
            Duration.ofMinutes(1), Duration.parse(arguments[3])))
        .count()
        .toStream((window, count) -> window.window().startTime() + " " + window.key())
        .mapValues(String::valueOf)
        .to(arguments[2]);

    var streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }

  /** Records that are not edits have no wiki, and are not counted. */
  static String wiki(String value) {
    try {
      return value == null ? null : JSON.readTree(value).path("domain").textValue();
    } catch (JsonProcessingException error) {
      return null;
    }
  }
}
