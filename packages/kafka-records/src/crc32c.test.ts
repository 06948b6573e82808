import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crc32c } from './crc32c.ts';

const ofKafkajs = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (it: Buffer) => number;

describe('CRC-32C', () => {
  test('of "123456789" is the check value in the standard', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  test('of any bytes equals the result of kafkajs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(crc32c(Buffer.from(bytes))).toBe(ofKafkajs(Buffer.from(bytes)));
      }),
    );
  });
});
