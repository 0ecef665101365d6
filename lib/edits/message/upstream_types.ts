/** The type of a value upstream; `any` if it has several types or is not known here. */
export type UpstreamType = "string" | "long" | "boolean" | "strings" | "any";

/**
 * Paths by their type in the schema repository (`mediawiki/*`, `fragment/mediawiki/*`): those of
 * recentchange, of the older streams (page-create, page-delete, revision-create, …) and of
 * page_change.v1. A path whose meaning differs between them is omitted.
 */
const PATHS: Readonly<Record<Exclude<UpstreamType, "any">, readonly string[]>> = {
  string: [
    ...["$schema", "meta.uri", "meta.request_id", "meta.id", "meta.dt", "meta.domain"],
    ...["meta.stream", "meta.topic"],
    ...["type", "title", "title_url", "notify_url", "comment", "parsedcomment", "user", "wiki"],
    ...["server_url", "server_name", "server_script_path", "log_type", "log_action"],
    ...["log_action_comment"],
    ...["database", "dt", "page_title", "rev_timestamp", "rev_sha1", "rev_content_model"],
    ...["rev_content_format", "performer.user_text", "performer.user_registration_dt"],
    ...["wiki_id", "changelog_kind", "page_change_kind", "page.page_title", "revision.rev_dt"],
    ...["revision.comment", "revision.rev_sha1", "performer.registration_dt"],
  ],
  long: [
    ...["meta.partition", "meta.offset"],
    ...["id", "namespace", "timestamp", "length.old", "length.new", "revision.old"],
    ...["revision.new", "log_id"],
    ...["page_id", "page_namespace", "rev_id", "rev_parent_id", "rev_len", "rev_count"],
    ...["performer.user_id", "performer.user_edit_count"],
    ...["page.page_id", "page.namespace_id", "revision.rev_id", "revision.rev_parent_id"],
    ...["revision.rev_size", "performer.edit_count"],
  ],
  boolean: [
    ...["bot", "minor", "patrolled"],
    ...["page_is_redirect", "rev_minor_edit", "rev_content_changed", "performer.user_is_bot"],
    ...["page.is_redirect", "revision.is_minor_edit", "performer.is_bot", "performer.is_system"],
    ...["performer.is_temp"],
  ],
  strings: ["performer.user_groups", "performer.groups"],
};

const TYPES = new Map(
  Object.entries(PATHS).flatMap(([type, paths]) =>
    paths.map((path) => [path, type as UpstreamType] as const)
  ),
);

/** Returns the type of the value at a path of an upstream event. */
export function upstreamType(path: string): UpstreamType {
  return TYPES.get(path) ?? "any";
}
