export { default } from './plugin/plugin.ts';
