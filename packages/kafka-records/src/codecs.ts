import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { RecordsError } from './errors.ts';
import { unframeSnappy } from './snappy-frames.ts';

type Decompress = (buffer: Buffer) => Uint8Array | Promise<Uint8Array>;

export interface Codec {
  readonly name: string;
  /** The npm package that decompresses it. */
  readonly package: string;
  readonly load: () => Promise<Decompress>;
}

/** Codecs by their number in a batch's attributes. Packages are loaded on first use, since few topics need them. */
export const CODECS = new Map<number, Codec>([
  [1, { name: 'gzip', package: 'node:zlib', load: async () => promisify(zlib.gunzip) }],
  [
    2,
    {
      name: 'snappy',
      package: 'snappyjs',
      load: async () => {
        const { uncompress } = await import('snappyjs');
        return (buffer) => unframeSnappy(buffer, uncompress);
      },
    },
  ],
  [3, { name: 'lz4', package: 'lz4js', load: async () => (await import('lz4js')).decompress }],
  [
    4,
    {
      name: 'zstd',
      package: 'fzstd',
      // Node.js 22.15 and later have zstd built in.
      load: async () =>
        'zstdDecompress' in zlib
          ? promisify(zlib.zstdDecompress as typeof zlib.gunzip)
          : (await import('fzstd')).decompress,
    },
  ],
]);

const loaded = new WeakMap<Codec, Decompress>();

const decompressor = async (codec: Codec): Promise<Decompress> => {
  const known = loaded.get(codec);
  if (known) return known;
  try {
    const decompress = await codec.load();
    loaded.set(codec, decompress);
    return decompress;
  } catch {
    // Without a cause, because kafkajs keeps only the innermost cause of an error.
    throw new RecordsError(
      'CODEC_MISSING',
      `records are compressed with ${codec.name}: run \`npm install ${codec.package}\``,
    );
  }
};

/** @throws RecordsError CODEC_MISSING, RECORDS_CORRUPT */
export const decompress = async (type: number, bytes: Buffer): Promise<Buffer> => {
  const codec = CODECS.get(type);
  if (!codec) throw new RecordsError('CODEC_MISSING', `records are compressed with an unknown codec, number ${type}`);
  const run = await decompressor(codec);
  try {
    const plain = await run(bytes);
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch (cause) {
    throw new RecordsError('RECORDS_CORRUPT', `records cannot be decompressed with ${codec.name}`, { cause });
  }
};
