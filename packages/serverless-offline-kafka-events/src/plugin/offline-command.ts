import type { Serverless } from '../serverless.ts';

const STEPS = ['offline:start:init', 'offline:start:ready', 'offline:start:end'] as const;

/**
 * For `serverless offline` without `start`, serverless-offline starts, waits for a signal and exits within one hook, so
 * that hooks of other plugins do not run. This function splits that hook into its three steps, as in `offline start`.
 * @returns false if this version of the framework or of serverless-offline does not have these hooks
 */
export const splitOfflineCommand = (
  { pluginManager }: Serverless,
  around: { before(): Promise<void>; started(): Promise<void>; ending(): Promise<void> },
): boolean => {
  const of = (event: string) => pluginManager?.hooks[event]?.find((it) => it.pluginName === 'ServerlessOffline');
  const command = of('offline:start');
  const [init, ready, end] = STEPS.map(of);
  if (!command || !init || !ready || !end) return false;
  command.hook = async () => {
    await around.before();
    await init.hook();
    await around.started();
    await ready.hook();
    await around.ending();
    await end.hook();
  };
  return true;
};
