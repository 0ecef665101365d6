"""The design of the published tutorial: sseclient and kafka-python, one event at a time.

Beyond the tutorial: acks=all, a key, and a flush at the end, without which it loses what is unsent.
"""
import json
import os

from kafka import KafkaProducer
from sseclient import SSEClient

wanted = int(os.environ["EVENTS"])
topic = os.environ["TOPIC"]
namespaces = json.loads(os.environ["NAMESPACES"])


def construct_event(change):
    length = change.get("length") or {}
    return {
        "id": change.get("id"),
        "domain": change["meta"]["domain"],
        "namespace": namespaces.get(str(change["namespace"]), "unknown"),
        "title": change["title"],
        "timestamp": change["meta"]["dt"],
        "user_name": change.get("user"),
        "user_type": "bot" if change["bot"] else "human",
        "old_length": length.get("old"),
        "new_length": length.get("new"),
    }


producer = KafkaProducer(
    bootstrap_servers=os.environ["BROKER"],
    acks="all",
    key_serializer=lambda key: key.encode(),
    value_serializer=lambda value: json.dumps(value).encode(),
)
sent = 0
# Wikimedia refuses clients that do not name themselves.
agent = {"User-Agent": "tutorial/1.0 (tutorial@example.org)"}
for event in SSEClient(os.environ["STREAM_URL"], headers=agent):
    if event.event != "message":
        continue
    try:
        change = json.loads(event.data)
    except ValueError:
        continue
    if change.get("type") != "edit":
        continue
    message = construct_event(change)
    producer.send(topic, key=f"{message['domain']}/{message['title']}", value=message)
    sent += 1
    if sent == wanted:
        break
producer.flush()
