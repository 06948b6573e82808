import type { SocketConstructor } from './types.ts';

interface Target {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** What browsers have, workers in part, and Node.js hardly. */
interface Environment extends Partial<Target> {
  readonly document?: Target & { readonly visibilityState: string };
  readonly localStorage?: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  readonly location?: unknown;
  readonly navigator?: { readonly onLine?: boolean };
  readonly WebSocket?: SocketConstructor;
}

export const environment = globalThis as unknown as Environment;

export const isHidden = (): boolean => environment.document?.visibilityState === 'hidden';

/** Only a hint: a machine without network may still reach a server on itself. */
export const isOffline = (): boolean => environment.navigator?.onLine === false;

/** Adds a listener where events of this kind exist. @returns a function that removes it */
export const listen = (target: Partial<Target> | undefined, type: string, listener: () => void): (() => void) => {
  target?.addEventListener?.(type, listener);
  return () => target?.removeEventListener?.(type, listener);
};
