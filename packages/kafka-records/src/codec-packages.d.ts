// Declarations for packages that have none.
declare module 'snappyjs' {
  export const uncompress: (input: Uint8Array) => Uint8Array;
}
declare module 'lz4js' {
  /** Returns an LZ4 frame. */
  export const compress: (input: Uint8Array) => Uint8Array;
  /** Takes an LZ4 frame. */
  export const decompress: (input: Uint8Array) => Uint8Array;
}
