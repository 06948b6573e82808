import type { Serverless } from '../serverless.ts';

const STEPS = ['offline:start:init', 'offline:start:ready', 'offline:start:end'] as const;

/**
 * `serverless offline`, without `start`: serverless-offline starts, waits for a signal and exits within one hook, so
 * that no other plugin gets a turn. Its three steps are run one by one instead, as `serverless offline start` does.
 * @returns false when this version of the framework or of serverless-offline has them in another form
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
