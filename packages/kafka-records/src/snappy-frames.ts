const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic, version, compatible version. */
const HEADER_BYTES = 16;

/** Decompresses snappy data with and without the framing of the xerial library, which Java clients use. */
export const unframeSnappy = (buffer: Buffer, uncompress: (block: Uint8Array) => Uint8Array): Uint8Array => {
  if (!buffer.subarray(0, XERIAL.length).equals(XERIAL)) return uncompress(buffer);
  const blocks: Uint8Array[] = [];
  for (let at = HEADER_BYTES; at < buffer.length;) {
    const size = buffer.readUInt32BE(at);
    blocks.push(uncompress(buffer.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
};
