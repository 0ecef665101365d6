import { testStore } from "./store_short_run.ts";

testStore("sqlite");
testStore("parquet");
