"""A topic into Parquet files with confluent-kafka and pyarrow, a file for each day and batch.

Usage: store_pyarrow.py BROKERS TOPIC DIRECTORY RECORDS BATCH

Offsets are committed to Kafka after the files, so a crash between duplicates a batch. One bad record
ends it.
"""

import json
import sys
from datetime import datetime

import pyarrow as pa
import pyarrow.dataset as ds
from confluent_kafka import Consumer

SCHEMA = pa.schema([
    ("partition", pa.int32()),
    ("record_offset", pa.int64()),
    ("time", pa.timestamp("ms", tz="UTC")),
    ("change_id", pa.int64()),
    ("domain", pa.string()),
    ("namespace", pa.string()),
    ("title", pa.string()),
    ("user_name", pa.string()),
    ("is_bot", pa.bool_()),
    ("old_length", pa.int64()),
    ("new_length", pa.int64()),
    ("date", pa.string()),
])
PARTITIONING = ds.partitioning(pa.schema([("date", pa.string())]), flavor="hive")
OPTIONS = ds.ParquetFileFormat().make_write_options(compression="zstd")


def main(brokers, topic, directory, records, batch_size):
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": f"bench-{topic}-pyarrow",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    })
    consumer.subscribe([topic])
    # Files as large as wikitap's would need all rows of a file in memory.
    file_rows = 10 * batch_size
    rows, done = [], 0

    def flush():
        columns = [pa.array(column, type=field.type) for column, field in zip(zip(*rows), SCHEMA)]
        ds.write_dataset(
            pa.table(columns, schema=SCHEMA), directory, format="parquet",
            partitioning=PARTITIONING, file_options=OPTIONS, max_partitions=10_000,
            basename_template=f"{done}-{{i}}.parquet", existing_data_behavior="overwrite_or_ignore",
        )
        consumer.commit(asynchronous=False)
        rows.clear()

    while done < records:
        for message in consumer.consume(batch_size, timeout=1.0):
            if message.error():
                raise SystemExit(message.error())
            edit = json.loads(message.value())
            rows.append((
                message.partition(), message.offset(),
                datetime.fromisoformat(edit["timestamp"]),
                edit["id"], edit["domain"], edit["namespace"], edit["title"], edit["user_name"],
                edit["user_type"] == "bot", edit["old_length"], edit["new_length"],
                edit["timestamp"][:10],
            ))
            done += 1
        if len(rows) >= file_rows:
            flush()
    if rows:
        flush()
    consumer.close()


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
