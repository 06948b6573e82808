import type { State } from 'live-reactions';
import { messageOf } from 'live-reactions/messages';
import type { Formats } from './formats.ts';

export interface StateText {
  tone: 'good' | 'waiting' | 'bad';
  /** A few words. */
  text: string;
  /** A sentence with the reason, if there is one. */
  detail: string;
}

const inSeconds = (nextTry: number | undefined, now: number): string => {
  const seconds = Math.ceil(((nextTry ?? now) - now) / 1000);
  return seconds > 0 ? `Trying again in ${seconds} s` : 'Trying again…';
};

/** The connection's state in words. @param now ms since the epoch */
export const describeState = (state: State, now: number, { some }: Formats): StateText => {
  const { status, transport, reason, nextTry, pending, pendingReason } = state;
  const why = reason ? messageOf(reason) : '';
  const kept = pending > 0 ? `${some(pending, 'tap')} will be sent later.` : '';
  switch (status) {
    case 'connecting':
      return { tone: 'waiting', text: 'Connecting…', detail: '' };
    case 'live':
      if (pendingReason) return { tone: 'waiting', text: 'Taps wait', detail: `${messageOf(pendingReason)} ${kept}` };
      return transport === 'polling'
        ? { tone: 'good', text: 'Live, every 2 s', detail: why }
        : { tone: 'good', text: 'Live', detail: '' };
    case 'offline':
      return { tone: 'bad', text: 'Offline', detail: [why, kept].filter(Boolean).join(' ') };
    case 'retrying':
      return { tone: 'waiting', text: inSeconds(nextTry, now), detail: [why, kept].filter(Boolean).join(' ') };
    case 'refused':
      return { tone: 'bad', text: 'No access', detail: why };
    case 'closed':
      return { tone: 'bad', text: 'Closed', detail: '' };
  }
};

/** What became of taps that were given up; undefined when there are none. */
export const describeDropped = ({ dropped }: State, { some }: Formats): string | undefined => {
  if (!dropped) return undefined;
  const { emoji, count, message } = dropped;
  return `${some(count, 'tap')} of ${emoji} ${count === 1 ? 'was' : 'were'} not counted: ${message ?? 'no answer in time'}.`;
};
