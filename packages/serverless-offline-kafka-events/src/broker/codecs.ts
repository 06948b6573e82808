import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { KafkaEventsError } from '../errors.ts';
import { unframeSnappy } from './snappy-frames.ts';

type Decompress = (buffer: Buffer) => Uint8Array | Promise<Uint8Array>;

export interface Codec {
  readonly name: string;
  /** The npm package that reads it. */
  readonly package: string;
  readonly load: () => Decompress;
}

const require = createRequire(import.meta.url);

/** By the number in a batch's attributes. Who reads uncompressed or gzip topics needs none of the optional packages. */
export const CODECS = new Map<number, Codec>([
  [1, { name: 'gzip', package: 'node:zlib', load: () => promisify(zlib.gunzip) }],
  [
    2,
    {
      name: 'snappy',
      package: 'snappyjs',
      load: () => {
        const { uncompress } = require('snappyjs') as { uncompress(input: Uint8Array): Uint8Array };
        return (buffer) => unframeSnappy(buffer, uncompress);
      },
    },
  ],
  [
    3,
    {
      name: 'lz4',
      package: 'lz4-napi',
      load: () => (require('lz4-napi') as { decompressFrame(input: Buffer): Promise<Buffer> }).decompressFrame,
    },
  ],
  [
    4,
    {
      name: 'zstd',
      package: 'fzstd',
      // Node 22.15 and later can do it alone.
      load: () =>
        'zstdDecompressSync' in zlib
          ? (zlib.zstdDecompressSync as Decompress)
          : (require('fzstd') as { decompress(input: Uint8Array): Uint8Array }).decompress,
    },
  ],
]);

const loaded = new WeakMap<Codec, Decompress>();

const decompressor = (codec: Codec): Decompress => {
  const known = loaded.get(codec);
  if (known) return known;
  try {
    const decompress = codec.load();
    loaded.set(codec, decompress);
    return decompress;
  } catch {
    // Without a cause: kafkajs wraps the innermost one, and this error would be lost.
    throw new KafkaEventsError(
      'CODEC_MISSING',
      `records are compressed with ${codec.name}: run \`npm install ${codec.package}\``,
    );
  }
};

/** @throws KafkaEventsError CODEC_MISSING, RECORDS_CORRUPT */
export const decompress = async (type: number, bytes: Buffer): Promise<Buffer> => {
  const codec = CODECS.get(type);
  if (!codec)
    throw new KafkaEventsError('CODEC_MISSING', `records are compressed with an unknown codec, number ${type}`);
  const run = decompressor(codec);
  try {
    const plain = await run(bytes);
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch (cause) {
    throw new KafkaEventsError('RECORDS_CORRUPT', `records cannot be decompressed with ${codec.name}`, { cause });
  }
};
