import type { Reason } from './types.ts';

const MESSAGES: Record<Reason, string> = {
  offline: 'This device is offline.',
  'socket-disabled': 'The WebSocket is disabled.',
  'socket-unknown': 'The server names no WebSocket address.',
  'socket-missing': 'This runtime has no WebSocket.',
  'socket-failed': 'The WebSocket cannot be opened.',
  'socket-closed': 'The WebSocket was closed.',
  'socket-silent': 'The WebSocket does not answer.',
  'http-failed': 'The server cannot be reached.',
  'rate-limited': 'There were too many requests.',
  overloaded: 'The server is unavailable or overloaded.',
  'token-failed': 'There is no token.',
  unauthorized: 'The server rejects the token.',
  forbidden: 'The token does not allow this room.',
};

/** The reason as an English sentence. */
export const messageOf = (reason: Reason): string => MESSAGES[reason];
