// The metadata that a reader commits with an offset: the id of the offset's topic.

/** Returns the metadata of an offset. */
export function offsetMetadata(topicId: string): string {
  return JSON.stringify({ wikitap: "offset", topicId });
}

/** Returns the topic's id in an offset's metadata; `undefined` for metadata of other programs. */
export function topicIdIn(metadata: string | null): string | undefined {
  if (metadata === null || !metadata.includes('"topicId"')) return undefined;
  try {
    const { wikitap, topicId } = JSON.parse(metadata);
    return wikitap === "offset" && typeof topicId === "string" ? topicId : undefined;
  } catch {
    return undefined;
  }
}
