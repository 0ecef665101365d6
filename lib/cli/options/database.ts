import { parseDatabase } from "../../store/address.ts";
import { option } from "../option.ts";

/** The database of programs that work on one. */
export const databaseOption = option({
  placeholder: "ADDRESS",
  help: "sqlite:FILE, or postgres://USER@HOST[:PORT]/DATABASE, with ?sslmode=verify-full or " +
    "another mode where it is not on this machine. The password comes from the environment " +
    "variable PGPASSWORD, and from nowhere else.",
  parse: parseDatabase,
  default: { kind: "sqlite", file: "edits.db" },
  defaultText: "sqlite:edits.db",
});
