import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import kafkajs from 'kafkajs';
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

/**
 * Teaches kafkajs to read what it cannot by itself. A codec that somebody else in this process has registered is used
 * before ours, for its compression too.
 */
export const registerCodecs = (): void => {
  if (registered) return;
  registered = true;
  const codecs = kafkajs.CompressionCodecs as unknown as Record<number, () => Codec>;
  for (const [type, { name, package: wanted, load }] of Object.entries(CODECS)) {
    const previous = codecs[Number(type)];
    let loaded: Codec | undefined;
    codecs[Number(type)] = () => (loaded ??= existing(previous) ?? readingCodec(name, wanted, load));
  }
};

const existing = (factory: (() => Codec) | undefined): Codec | undefined => {
  try {
    return factory?.();
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSNotImplemented') return undefined;
    throw error;
  }
};

export const readingCodec = (name: string, wanted: string, load: () => Decompress): Codec => {
  let decompress: Decompress;
  try {
    decompress = load();
  } catch {
    // Without a cause: kafkajs wraps the innermost one, and this error would be lost.
    throw new KafkaEventsError('CODEC_MISSING', `records are compressed with ${name}: run \`npm install ${wanted}\``);
  }
  return {
    compress: () => Promise.reject(new KafkaEventsError('CODEC_MISSING', `writing ${name} is not supported`)),
    decompress: async (buffer) => Buffer.from(await decompress(buffer)),
  };
};
