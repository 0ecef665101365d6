"""What a careful user of Python writes: requests and confluent-kafka (librdkafka), idempotent."""
import json
import os

import requests
from confluent_kafka import Producer

wanted = int(os.environ["EVENTS"])
topic = os.environ["TOPIC"]
namespaces = json.loads(os.environ["NAMESPACES"])
failed = 0


def delivered(error, _message):
    global failed
    failed += error is not None


producer = Producer(
    {"bootstrap.servers": os.environ["BROKER"], "acks": "all", "enable.idempotence": True}
)
sent = 0
with requests.get(os.environ["STREAM_URL"], stream=True, timeout=60) as response:
    # The default of 512 bytes a piece would halve its speed.
    for line in response.iter_lines(chunk_size=65536):
        if not line.startswith(b"data: "):
            continue
        try:
            change = json.loads(line[6:])
        except ValueError:
            continue
        if change.get("type") != "edit":
            continue
        domain = change["meta"]["domain"]
        length = change.get("length") or {}
        value = json.dumps({
            "id": change.get("id"),
            "domain": domain,
            "namespace": namespaces.get(str(change["namespace"]), "unknown"),
            "title": change["title"],
            "timestamp": change["meta"]["dt"],
            "user_name": change.get("user"),
            "user_type": "bot" if change["bot"] else "human",
            "old_length": length.get("old"),
            "new_length": length.get("new"),
        })
        key = f"{domain}/{change['title']}"
        while True:
            try:
                producer.produce(topic, key=key, value=value, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        sent += 1
        if sent == wanted:
            break
producer.flush()
if failed:
    raise SystemExit(f"{failed} records failed")
