/** Events that appeared before this time (ms) have the envelope of those years: 2019. */
export const NEW_ENVELOPE: number = Date.UTC(2019, 0, 1);

/** Returns a function that writes times (ms) in the form of `meta.dt`; fast for close times. */
export function timeFormat(): (time: number) => string {
  let second = NaN;
  let text = "";
  return (time) => {
    const ms = time - Math.floor(time / 1000) * 1000;
    if (time - ms !== second) {
      second = time - ms;
      text = new Date(second).toISOString().slice(0, 19);
    }
    return `${text}.${String(ms).padStart(3, "0")}Z`;
  };
}

/** Returns the same for events from before 2019: whole seconds, with `+00:00` at the end. */
export function oldTimeFormat(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}+00:00`;
}
