import type { Difference } from './ledger.ts';

/**
 * The clients that the platform has unregistered because their deliveries failed, according to its log: the clients of
 * the tests are healthy, and no fault is a reason to unregister them.
 */
export const unregistered = (output: string, clients: readonly { id: string; room: string }[]): Difference[] =>
  clients.flatMap(({ id, room }) => {
    const found = output.split('\n').filter((line) => isUnregistration(line, id)).length;
    return found === 0 ? [] : [{ where: 'client', room, what: `${id} unregistered`, expected: 0, found }];
  });

const isUnregistration = (line: string, id: string) =>
  line.includes('client is unregistered: its deliveries failed') && line.includes(`"client":"${id}"`);
