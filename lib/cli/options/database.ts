import { parseDatabase } from "../../store/address.ts";
import { option } from "../option.ts";

/** The `--database` option of `store` and `report`. */
export const databaseOption = option({
  placeholder: "ADDRESS",
  help:
    "sqlite:FILE, or postgres://USER@HOST[:PORT]/DATABASE. Add ?sslmode=verify-full (or another " +
    "mode) for a server on another machine. The password is read only from PGPASSWORD.",
  parse: parseDatabase,
  default: { kind: "sqlite", file: "edits.db" },
  defaultText: "sqlite:edits.db",
});
