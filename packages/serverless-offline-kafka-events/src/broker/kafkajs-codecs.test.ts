import { expect, test } from '@jest/globals';
import { readingCodec } from './kafkajs-codecs.ts';
import { unframeSnappy } from './snappy-frames.ts';

test('a codec whose package is missing names the package', () => {
  const missing = (): never => {
    throw new Error("Cannot find module 'lz4-napi'");
  };
  expect(() => readingCodec('lz4', 'lz4-napi', missing)).toThrow(
    'records are compressed with lz4: run `npm install lz4-napi`',
  );
});

test('snappy blocks are read with and without the frames of Java clients', () => {
  const upper = (block: Uint8Array): Uint8Array => Buffer.from(Buffer.from(block).toString().toUpperCase());
  const block = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const framed = Buffer.concat([header, block('one '), block('two')]);
  expect(Buffer.from(unframeSnappy(framed, upper)).toString()).toBe('ONE TWO');
  expect(Buffer.from(unframeSnappy(Buffer.from('plain'), upper)).toString()).toBe('PLAIN');
});
