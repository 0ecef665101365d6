#!/bin/sh
# Tools that are there already: curl, jq and kcat (librdkafka), idempotent.
curl -sN "$STREAM_URL" | sed -n 's/^data: //p' | jq -r --argjson namespaces "$NAMESPACES" '
  select(.type == "edit") | "\(.meta.domain)/\(.title)\t\({
    id, domain: .meta.domain,
    namespace: ($namespaces[.namespace | tostring] // "unknown"),
    title, timestamp: .meta.dt, user_name: .user,
    user_type: (if .bot then "bot" else "human" end),
    old_length: .length.old, new_length: .length.new
  } | tojson)"' | head -n "$EVENTS" |
  kcat -P -b "$BROKER" -t "$TOPIC" -K '	' -X enable.idempotence=true -X acks=all
