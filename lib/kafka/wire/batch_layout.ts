// Offsets of the fields in a record batch, in bytes: message format 2, Kafka's
// `DefaultRecordBatch`.

/** int32: bytes of the batch after this field. */
export const LENGTH = 8;
/** int32: the epoch of the partition's leader; the broker sets it. */
export const LEADER_EPOCH = 12;
/** int8: the message format, at the same offset in all formats. */
export const MAGIC = 16;
/** uint32: the CRC-32C of everything after this field. */
export const CHECKSUM = 17;
/** int16: the codec and flags of the batch. */
export const ATTRIBUTES = 21;
/** int32: the last offset of the batch minus its base offset. */
export const LAST_OFFSET_DELTA = 23;
/** int64: the base of the records' timestamps, in ms since 1970. */
export const FIRST_TIMESTAMP = 27;
/** int64: the highest timestamp, in ms since 1970. */
export const MAX_TIMESTAMP = 35;
/** int64: the id of an idempotent or transactional producer, or -1. */
export const PRODUCER_ID = 43;
/** int16: the epoch of that producer. */
export const PRODUCER_EPOCH = 51;
/** int32: the sequence number of the first record. */
export const FIRST_SEQUENCE = 53;
/** int32: the number of records. */
export const COUNT = 57;
/** The records, compressed or not. */
export const RECORDS = 61;

// Bits of the attributes.

/** The number of the codec; 0 for none. */
export const CODEC_MASK = 0b111;
/** Set if the broker determines the timestamp of all records. */
export const LOG_APPEND_TIME = 0b1000;
/** Set if the batch belongs to a transaction. */
export const TRANSACTIONAL = 0b1_0000;
/** Set for a marker of Kafka's own, such as the end of a transaction. */
export const CONTROL = 0b10_0000;
