import { testStore } from "./store_short_run.ts";

testStore("postgres");
testStore("opensearch");
