#!/bin/sh
# Counts edits per minute and wiki with kcat and jq, from the beginning of a topic to its end now.
# Edits are sorted by their minute at the end, so none is late.
#
#     apt-get install kcat jq
#     sh examples/kcat.sh localhost:9092 wikipedia-events

set -eu

# -C reads, -e ends at the end of the topic. isolation.level excludes uncommitted records.
# A record that is not JSON would end jq; 'fromjson?' skips it.
kcat -C -b "$1" -t "$2" -o beginning -e -q -X isolation.level=read_committed |
  jq -rR 'fromjson? | select(.domain?) | [.timestamp[:16] + "Z", .domain] | @tsv' |
  sort |
  uniq -c |
  awk '{ print $2 "\t" $3 "\t" $1 }'
