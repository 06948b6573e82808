import type { Reactions, ReactionsOptions } from './types.ts';

export type * from './types.ts';

/** Connects to a room; `close` or `signal` ends it. */
export declare function createReactions<E extends string = string>(options: ReactionsOptions): Reactions<E>;
