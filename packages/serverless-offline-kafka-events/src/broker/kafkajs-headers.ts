import kafkajs from '#kafkajs';

/** All headers of a record as they came, beside the object that kafkajs makes of them. */
const WIRE_ORDER = Symbol('headers in wire order');

export interface WireHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

interface Decoder {
  readVarIntArray(reader: unknown): WireHeader[];
}

/**
 * kafkajs turns headers into an object, which loses the order of names that repeat or look like numbers (K-10). Its
 * record decoder reads them with `readVarIntArray`, and reduces: the list is kept, out of sight, on what comes of that.
 */
export const keepHeaderOrder = (): void => {
  const prototype = kafkajs.internals.Decoder.prototype as Decoder;
  if (WIRE_ORDER in prototype) return;
  const original = prototype.readVarIntArray;
  Object.defineProperty(prototype, WIRE_ORDER, { value: true });
  prototype.readVarIntArray = function (reader): WireHeader[] {
    const list = original.call(this, reader);
    // One header has no order to lose.
    return list.length > 1 ? Object.assign(list, { reduce: reduceAndKeep }) : list;
  };
};

function reduceAndKeep<T extends object>(this: WireHeader[], step: (all: T, one: WireHeader) => T, start: T): T {
  const headers = Array.prototype.reduce.call<WireHeader[], [typeof step, T], T>(this, step, start);
  return Object.defineProperty(headers, WIRE_ORDER, { value: [...this] });
}

export const wireHeaders = (headers: object): readonly WireHeader[] | undefined =>
  (headers as { [WIRE_ORDER]?: readonly WireHeader[] })[WIRE_ORDER];
