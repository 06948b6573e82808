/**
 * The bucket in which a room is counted: FNV-1a over the room's UTF-16 code units. Part of what is stored, so another
 * hash needs another name of the keys.
 */
export const bucketOf = (room: string, buckets: number): number => {
  let hash = 0x811c9dc5;
  for (let n = 0; n < room.length; n++) hash = Math.imul(hash ^ room.charCodeAt(n), 0x01000193);
  return (hash >>> 0) % buckets;
};
