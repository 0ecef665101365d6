#!/bin/sh
# A topic into SQLite with kcat and the sqlite3 shell: the shortest way that people take.
# Usage: store_kcat_sqlite.sh BROKERS TOPIC FILE
# The tables are there already, the same as for the others. It keeps no place to go on from, and one
# bad record ends it.
set -e
kcat -q -C -b "$1" -t "$2" -o beginning -e -X isolation.level=read_committed \
  -f '%p\x1f%o\x1f%s\x1e' |
  sqlite3 "$3" \
    'PRAGMA synchronous = NORMAL' \
    'CREATE TEMP TABLE raw (partition, record_offset, value)' \
    '.import --ascii /dev/stdin raw' \
    "INSERT INTO edits (topic_id, partition, record_offset, time_ms, change_id, domain, namespace,
       title, user_name, is_bot, old_length, new_length)
     SELECT 1, partition, record_offset,
       CAST(round((julianday(value ->> 'timestamp') - 2440587.5) * 86400000) AS INTEGER),
       value ->> 'id', value ->> 'domain', value ->> 'namespace', value ->> 'title',
       value ->> 'user_name', value ->> 'user_type' = 'bot', value ->> 'old_length',
       value ->> 'new_length'
     FROM raw"
