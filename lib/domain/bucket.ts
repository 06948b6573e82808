/**
 * The bucket in which a room is counted: FNV-1a over the room's UTF-16 code units. Stored keys depend on it, so a
 * different hash needs different key names.
 */
export const bucketOf = (room: string, buckets: number): number => {
  let hash = 0x811c9dc5;
  for (let n = 0; n < room.length; n++) hash = Math.imul(hash ^ room.charCodeAt(n), 0x01000193);
  return (hash >>> 0) % buckets;
};
