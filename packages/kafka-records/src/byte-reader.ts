/** Reads Kafka's primitive types from a buffer, starting at `position`. */
export class ByteReader {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.position;
  }

  #move(size: number): number {
    const at = this.position;
    if (size < 0 || size > this.remaining)
      throw new RangeError(`cannot read ${size} bytes at ${at} of ${this.#bytes.length}`);
    this.position = at + size;
    return at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#move(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#move(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#move(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#move(8));
  }

  bytes(size: number): Buffer {
    const at = this.#move(size);
    return this.#bytes.subarray(at, at + size);
  }

  /** A string with its length as int16. */
  string(): string {
    return this.bytes(this.int16()).toString();
  }

  /** An array with its length as int32; a null array (length -1) is read as an empty one. */
  array<T>(read: () => T): T[] {
    const count = this.int32();
    return Array.from({ length: Math.max(0, count) }, read);
  }

  varint(): number {
    let bits = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#move(1)] as number;
      bits |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (bits >>> 1) ^ -(bits & 1);
    }
    throw new RangeError(`a number of more than 32 bits at ${this.position}`);
  }

  varlong(): number {
    // A fast path for one byte, which nearly all numbers have.
    if (this.remaining > 0 && (this.#bytes[this.position] as number) < 0x80) return this.varint();
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#move(1)] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n));
    }
    throw new RangeError(`a number of more than 64 bits at ${this.position}`);
  }

  /** Bytes with their length as varint; a length of -1 means null. */
  varintBytes(): Buffer | null {
    const size = this.varint();
    return size < 0 ? null : this.bytes(size);
  }
}
