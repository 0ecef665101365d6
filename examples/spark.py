# Counts edits per minute and wiki with Spark Structured Streaming, from the beginning of a topic to
# its current end.
#
# In complete mode all windows are kept, and no edit is late. In append mode a window is written
# when the watermark passes it: later edits are dropped, and the last windows are missing.
#
#     pip install pyspark==4.3.0
#     mvn -q -f examples/pom.xml -P spark dependency:copy-dependencies \
#       -DoutputDirectory="$PWD/.local/spark"
#     python examples/spark.py localhost:9092 wikipedia-events .local/spark

import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

brokers, topic, jars = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", ",".join(str(jar) for jar in Path(jars).glob("*.jar")))
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.ui.enabled", "false")
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)
records = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", brokers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .option("kafka.isolation.level", "read_committed")
    .load()
)
# Records that are not edits have no domain.
schema = "domain STRING, timestamp TIMESTAMP"
edits = records.select(
    F.from_json(F.col("value").cast("string"), schema).alias("edit")
).select("edit.*").where("domain IS NOT NULL")
counts = edits.groupBy(F.window("timestamp", "1 minute"), "domain").count()

with tempfile.TemporaryDirectory() as checkpoints:
    query = (
        counts.writeStream.format("memory").queryName("counts").outputMode("complete")
        .option("checkpointLocation", checkpoints)
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
minute = F.date_format("window.start", "yyyy-MM-dd'T'HH:mm'Z'")
for row in spark.table("counts").select(minute, "domain", "count").collect():
    print(*row, sep="\t")
spark.stop()
