export { CODECS } from './codecs.ts';
export { createSocket } from './create-socket.ts';
export type { Chunk } from './decode-records.ts';
export { RecordsError } from './errors.ts';
export { withChunks, type FetchDefinition, type FetchedPartition } from './fetch-response.ts';
export type { KafkaRecord } from './record.ts';
