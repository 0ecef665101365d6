"""A topic into PostgreSQL with confluent-kafka and psycopg, in batches.

Usage: store_confluent.py BROKERS TOPIC CONNINFO RECORDS BATCH

Offsets are committed to Kafka after the rows, so a crash between doubles a batch; here ON CONFLICT
hides that. One bad record ends it.
"""

import json
import sys

import psycopg
from confluent_kafka import Consumer

INSERT = """
INSERT INTO edits (topic_id, partition, record_offset, time, change_id, domain, namespace, title,
    user_name, is_bot, old_length, new_length)
VALUES (1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def main(brokers, topic, conninfo, records, batch_size):
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": f"bench-{topic}-{conninfo.split()[-1]}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    })
    consumer.subscribe([topic])
    done = 0
    with psycopg.connect(conninfo) as connection:
        while done < records:
            messages = consumer.consume(batch_size, timeout=1.0)
            rows = []
            for message in messages:
                if message.error():
                    raise SystemExit(message.error())
                edit = json.loads(message.value())
                rows.append((
                    message.partition(), message.offset(), edit["timestamp"], edit["id"],
                    edit["domain"], edit["namespace"], edit["title"], edit["user_name"],
                    edit["user_type"] == "bot", edit["old_length"], edit["new_length"],
                ))
            if not rows:
                continue
            with connection.cursor() as cursor:
                cursor.executemany(INSERT, rows)
            connection.commit()
            consumer.commit(asynchronous=False)
            done += len(rows)
    consumer.close()


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
