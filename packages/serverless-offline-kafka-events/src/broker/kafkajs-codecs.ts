import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import kafkajs from '#kafkajs';
import { KafkaEventsError } from '../errors.ts';
import { unframeSnappy } from './snappy-frames.ts';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}
type Decompress = (buffer: Buffer) => Uint8Array | Promise<Uint8Array>;

const { Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;
const require = createRequire(import.meta.url);

/** Optional packages: who reads uncompressed or gzip topics needs none of them. */
const CODECS: Record<number, { name: string; package: string; load: () => Decompress }> = {
  [Snappy]: {
    name: 'snappy',
    package: 'snappyjs',
    load: () => {
      const { uncompress } = require('snappyjs') as { uncompress(input: Uint8Array): Uint8Array };
      return (buffer) => unframeSnappy(buffer, uncompress);
    },
  },
  [LZ4]: {
    name: 'lz4',
    package: 'lz4-napi',
    load: () => (require('lz4-napi') as { decompressFrame(input: Buffer): Promise<Buffer> }).decompressFrame,
  },
  [ZSTD]: {
    name: 'zstd',
    package: 'fzstd',
    // Node 22.15 and later can do it alone.
    load: () =>
      'zstdDecompressSync' in zlib
        ? (zlib.zstdDecompressSync as Decompress)
        : (require('fzstd') as { decompress(input: Uint8Array): Uint8Array }).decompress,
  },
};

let registered = false;

/** Registers the codecs that kafkajs lacks, for reading. */
export const registerCodecs = (): void => {
  if (registered) return;
  registered = true;
  const codecs = kafkajs.CompressionCodecs as unknown as Record<number, () => Codec>;
  for (const [type, { name, package: packageName, load }] of Object.entries(CODECS)) {
    let loaded: Codec | undefined;
    codecs[Number(type)] = () => (loaded ??= readingCodec(name, packageName, load));
  }
};

export const readingCodec = (name: string, packageName: string, load: () => Decompress): Codec => {
  let decompress: Decompress;
  try {
    decompress = load();
  } catch {
    // Without a cause: kafkajs wraps the innermost one, and this error would be lost.
    throw new KafkaEventsError(
      'CODEC_MISSING',
      `records are compressed with ${name}: run \`npm install ${packageName}\``,
    );
  }
  return {
    compress: () => Promise.reject(new KafkaEventsError('CODEC_MISSING', `writing ${name} is not supported`)),
    decompress: async (buffer) => Buffer.from(await decompress(buffer)),
  };
};
