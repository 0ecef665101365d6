/** Returns the bytes of a topic on the disk of a one-node Kafka. */
export interface LogStats {
  readonly bytes: number;
  /** The number of batches that are transaction markers. */
  readonly markers: number;
}

/** Indexes of the length and the attributes in a record batch. */
const LENGTH = 8;
const ATTRIBUTES = 21;
/** The flag in the attributes. */
const CONTROL = 0b10_0000;

/** @param folder The folder of the cluster, as given to `startKafka()`. */
export function logStats(folder: string, topic: string): LogStats {
  let bytes = 0, markers = 0;
  const data = `${folder}/node-1/data`;
  for (const { name } of Deno.readDirSync(data)) {
    if (name.replace(/-\d+$/, "") !== topic) continue;
    for (const file of Deno.readDirSync(`${data}/${name}`)) {
      if (!file.name.endsWith(".log")) continue;
      const log = Deno.readFileSync(`${data}/${name}/${file.name}`);
      const view = new DataView(log.buffer);
      bytes += log.length;
      for (let at = 0; at + ATTRIBUTES + 2 <= log.length; at += 12 + view.getInt32(at + LENGTH)) {
        if (view.getInt16(at + ATTRIBUTES) & CONTROL) markers++;
      }
    }
  }
  return { bytes, markers };
}
