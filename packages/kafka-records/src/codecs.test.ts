import { afterEach, expect, test } from '@jest/globals';
import { CODECS, decompress } from './codecs.ts';
import { unframeSnappy } from './snappy-frames.ts';

const original = new Map(CODECS);
afterEach(() => {
  for (const [type, codec] of original) CODECS.set(type, codec);
});

test('if the package of a codec is not installed, the error names the package', async () => {
  const load = (): Promise<never> => {
    throw new Error("Cannot find module 'lz4js'");
  };
  CODECS.set(3, { name: 'lz4', package: 'lz4js', load });
  await expect(decompress(3, Buffer.of(1))).rejects.toMatchObject({
    code: 'CODEC_MISSING',
    message: 'records are compressed with lz4: run `npm install lz4js`',
  });
});

test('an unknown codec, and bytes that are not compressed, cause errors', async () => {
  await expect(decompress(7, Buffer.of(1))).rejects.toMatchObject({ code: 'CODEC_MISSING' });
  for (const type of CODECS.keys()) {
    await expect(decompress(type, Buffer.from('no'))).rejects.toMatchObject({ code: 'RECORDS_CORRUPT' });
  }
});

test('snappy data is decompressed with and without the framing of Java clients', () => {
  const upper = (block: Uint8Array): Uint8Array => Buffer.from(Buffer.from(block).toString().toUpperCase());
  const block = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const framed = Buffer.concat([header, block('one '), block('two')]);
  expect(Buffer.from(unframeSnappy(framed, upper)).toString()).toBe('ONE TWO');
  expect(Buffer.from(unframeSnappy(Buffer.from('plain'), upper)).toString()).toBe('PLAIN');
});
