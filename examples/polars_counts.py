# Counts edits per minute and wiki in the Parquet files that 'store' writes. Every committed edit is
# in them once, in the folder of its own day, so no edit is late, whenever it was published.
#
#     deno task store --database parquet:edits --max-messages 1000
#     pip install polars==2.1.0
#     python examples/polars_counts.py edits

import sys

import polars as pl

[directory] = sys.argv[1:]
# 'date' comes from the names of the folders: with a filter on it, polars opens only those files.
edits = pl.scan_parquet(f"{directory}/date=*/*.parquet", hive_partitioning=True)
minute = pl.col("time").dt.strftime("%Y-%m-%dT%H:%MZ").alias("minute")
counts = (
    edits.group_by(minute, pl.col("domain").alias("wiki"))
    .agg(pl.len().alias("edits"))
    .sort("minute", "wiki")
    .collect(engine="streaming")
)
print(counts.write_csv(include_header=False, separator="\t"), end="")
