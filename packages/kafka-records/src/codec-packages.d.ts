// These packages come without types.
declare module 'snappyjs' {
  export const uncompress: (input: Uint8Array) => Uint8Array;
}
declare module 'lz4js' {
  /** To a frame. */
  export const compress: (input: Uint8Array) => Uint8Array;
  /** Of a frame. */
  export const decompress: (input: Uint8Array) => Uint8Array;
}
