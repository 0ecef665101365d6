"""A topic into OpenSearch with confluent-kafka and the bulk helper of OpenSearch's own client.

Usage: store_opensearch.py BROKERS TOPIC URL INDEX RECORDS BATCH

Offsets are committed to Kafka after the documents. A crash between writes documents again, under the
same ids. One bad record ends it.
"""

import json
import sys

from confluent_kafka import Consumer
from opensearchpy import OpenSearch, helpers


def documents(messages, topic, index):
    for message in messages:
        if message.error():
            raise SystemExit(message.error())
        edit = json.loads(message.value())
        yield {
            "_index": index,
            "_id": f"{topic}-{message.partition()}-{message.offset()}",
            "topic_id": 1,
            "topic": topic,
            "partition": message.partition(),
            "record_offset": message.offset(),
            "time": edit["timestamp"],
            "change_id": edit["id"],
            "domain": edit["domain"],
            "namespace": edit["namespace"],
            "title": edit["title"],
            "user_name": edit["user_name"],
            "is_bot": edit["user_type"] == "bot",
            "old_length": edit["old_length"],
            "new_length": edit["new_length"],
        }


def main(brokers, topic, url, index, records, batch_size):
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": f"bench-{topic}-opensearch-py",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    })
    consumer.subscribe([topic])
    client = OpenSearch(url, timeout=60)
    done = 0
    while done < records:
        messages = consumer.consume(batch_size, timeout=1.0)
        if not messages:
            continue
        helpers.bulk(client, documents(messages, topic, index), chunk_size=batch_size)
        consumer.commit(asynchronous=False)
        done += len(messages)
    consumer.close()


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
