export { default } from './plugin/plugin.ts';
export type { KafkaEventsOptions } from './config/options.ts';
