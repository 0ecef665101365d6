-- Counts edits per minute and wiki in the Parquet files that 'store' writes. Every committed edit is
-- in them once, in the folder of its own day, so no edit is late, whenever it was published.
--
--     deno task store --database parquet:edits --max-messages 1000
--     pip install duckdb-cli==1.5.6
--     duckdb -f examples/duckdb.sql
--
-- 'date' comes from the names of the folders: with a condition on it, DuckDB opens only the files
-- of those days.

SET TimeZone = 'UTC';

COPY (
  SELECT
    strftime(time, '%Y-%m-%dT%H:%MZ') AS minute,
    domain AS wiki,
    count(*) AS edits
  FROM read_parquet('edits/date=*/*.parquet', hive_partitioning = true)
  -- WHERE date = '2026-11-28'
  GROUP BY ALL
  ORDER BY ALL
) TO '/dev/stdout' (FORMAT csv, DELIMITER '\t', HEADER false);
