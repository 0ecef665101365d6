/** Where the fields of a record batch stand: message format 2, Kafka's `DefaultRecordBatch`. */
export const LENGTH = 8;
export const LEADER_EPOCH = 12;
/** The same place in all message formats. */
export const MAGIC = 16;
export const CHECKSUM = 17;
export const ATTRIBUTES = 21;
export const LAST_OFFSET_DELTA = 23;
export const FIRST_TIMESTAMP = 27;
export const MAX_TIMESTAMP = 35;
export const PRODUCER_ID = 43;
export const PRODUCER_EPOCH = 51;
export const FIRST_SEQUENCE = 53;
export const COUNT = 57;
export const RECORDS = 61;

/** Bits of the attributes. */
export const CODEC_MASK = 0b111;
export const LOG_APPEND_TIME = 0b1000;
export const TRANSACTIONAL = 0b1_0000;
export const CONTROL = 0b10_0000;
