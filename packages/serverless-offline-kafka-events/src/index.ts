export { default } from './plugin/plugin.ts';
export { startKafkaEvents } from './runner/start-kafka-events.ts';
export type { KafkaEventsOptions } from './config/options.ts';
export type { LocalFunction } from './local-function.ts';
export type { KafkaEventsService } from './runner/start-kafka-events.ts';
export type { RunningMappings } from './runner/running-mappings.ts';
