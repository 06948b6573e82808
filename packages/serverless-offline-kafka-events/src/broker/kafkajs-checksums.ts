import kafkajs from '#kafkajs';
import { KafkaEventsError } from '../errors.ts';
import { crc32c } from './crc32c.ts';

interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
  slice(size: number): Decoder;
}

const CHECKED = Symbol('checksums are checked');
/** Base offset and length, which stand before what `slice` is asked for. */
const BEFORE = 12;
/** Within the slice: leader epoch, magic byte, checksum; it covers what follows. */
const MAGIC_AT = 4;
const CRC_AT = 5;
const COVERED_AT = 9;

/**
 * kafkajs delivers whatever bytes arrive; Java's client, and so AWS, compares each record batch with its CRC-32C. Its
 * batch decoder takes a batch out of a response with `slice`: there it can be checked.
 */
export const checkChecksums = (): void => {
  const prototype = kafkajs.internals.Decoder.prototype as Decoder;
  if (CHECKED in prototype) return;
  const original = prototype.slice;
  Object.defineProperty(prototype, CHECKED, { value: true });
  prototype.slice = function (size): Decoder {
    const { buffer, offset } = this;
    const complete = offset >= BEFORE && size > COVERED_AT && offset + size <= buffer.length;
    if (complete && buffer[offset + MAGIC_AT] === 2 && buffer.readInt32BE(offset - 4) === size) {
      if (crc32c(buffer.subarray(offset + COVERED_AT, offset + size)) !== buffer.readUInt32BE(offset + CRC_AT)) {
        throw new KafkaEventsError(
          'RECORDS_CORRUPT',
          `the records from offset ${buffer.readBigInt64BE(offset - BEFORE)} on do not match their checksum`,
        );
      }
    }
    return original.call(this, size);
  };
};
