import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { createReactions, type Reactions, type ReactionsOptions, type ReactionsSnapshot } from './index.ts';

const CONNECTING = { status: 'connecting', transport: undefined, reason: undefined, nextTry: undefined } as const;

/** The counts, totals and state of a room, and `tap`. The client lives as long as the component. */
export const useReactions = <E extends string = string>(
  options: ReactionsOptions,
): ReactionsSnapshot<E> & Pick<Reactions<E>, 'tap'> => {
  const latest = useRef(options);
  latest.current = options;
  const { url, socketUrl, userId, room } = options;

  // The client begins and ends with the subscription, so that Strict Mode, which subscribes twice, leaves none behind.
  const store = useMemo(() => {
    let client: Reactions<E> | undefined;
    const initial: ReactionsSnapshot<E> = {
      counts: { room: latest.current.room, windowMs: 2000, ratio: 1, windows: [], added: {}, own: false },
      totals: {},
      state: { ...CONNECTING, pending: 0, pendingReason: undefined, dropped: undefined },
    };
    return {
      snapshot: () => client?.current ?? initial,
      tap: (emoji: E) => client?.tap(emoji),
      setRoom: (next: string) => client?.setRoom(next),
      subscribe(changed: () => void) {
        const opened = (client = createReactions<E>(latest.current));
        for (const event of ['counts', 'totals', 'state'] as const) opened.on(event, changed);
        return () => opened.close();
      },
    };
  }, [url, socketUrl, userId]);
  useEffect(() => store.setRoom(room), [store, room]);
  const snapshot = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
  return useMemo(() => ({ ...snapshot, tap: store.tap }), [snapshot, store]);
};
