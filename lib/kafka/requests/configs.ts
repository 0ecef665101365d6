import type { ProtocolRequest } from "./codec.ts";

/** The settings of one topic, including those that it inherits from the cluster. */
export interface TopicConfigs {
  /** The name of the topic. */
  readonly topic: string;
  /** Values by Kafka's names. */
  readonly configs: ReadonlyMap<string, string | null>;
  /** Kafka's error code; 0 for none. */
  readonly errorCode: number;
}

/** The type of a topic (Kafka's `ConfigResource.Type`). */
const TOPIC = 2;

/**
 * Requests settings of topics (DescribeConfigs, version 4: Kafka 2.6). Needs DescribeConfigs.
 *
 * @param names The settings to return, by Kafka's names.
 */
export function topicConfigsRequest(
  topics: readonly string[],
  names: readonly string[],
): ProtocolRequest<TopicConfigs[]> {
  return {
    apiKey: 32,
    apiName: "DescribeConfigs",
    apiVersion: 4,
    encode(writer) {
      writer.array(topics, (topic) => {
        writer.int8(TOPIC);
        writer.string(topic);
        writer.array(names, (name) => writer.string(name));
        writer.end();
      });
      writer.boolean(false); // include_synonyms
      writer.boolean(false); // include_documentation
      writer.end();
    },
    decode(reader) {
      reader.int32(); // throttle_time_ms
      return reader.array(() => {
        const errorCode = reader.int16();
        reader.nullableString(); // error_message
        reader.int8(); // resource_type
        const topic = reader.string();
        const configs = reader.array((): [string, string | null] => {
          const name = reader.string();
          const value = reader.nullableString();
          reader.boolean(); // read_only
          reader.int8(); // config_source
          reader.boolean(); // is_sensitive
          reader.array(() => { // synonyms
            reader.string();
            reader.nullableString();
            reader.int8();
            reader.end();
          });
          reader.int8(); // config_type
          reader.nullableString(); // documentation
          reader.end();
          return [name, value];
        });
        reader.end();
        return { topic, configs: new Map(configs), errorCode };
      });
    },
  };
}
