import type { State } from 'live-reactions';
import { find, setText } from './dom.ts';
import type { Formats } from './formats.ts';
import { describeDropped, describeState } from './state-text.ts';

const NOTICE_MS = 8000;
const HINT = 'Hold an emoji for a burst';

/** The pill with the connection's state, and the line below the bar with what went wrong. */
export const createStatus = (formats: Formats, announce: (topic: string, text: string) => void) => {
  const pill = find('#status', HTMLElement);
  const text = find('#status-text', HTMLElement);
  const notice = find('#notice', HTMLElement);
  let state: State | undefined;
  let announced = '';
  let dropped: State['dropped'];
  let droppedAt = -Infinity;

  const draw = () => {
    if (!state) return;
    const { tone, text: words, detail } = describeState(state, Date.now(), formats);
    pill.dataset.tone = tone;
    setText(text, words);
    pill.title = detail;
    const hasFailed = performance.now() - droppedAt < NOTICE_MS;
    setText(notice, (hasFailed && describeDropped(state, formats)) || (tone !== 'good' && detail) || HINT);
    // Not the seconds until the next attempt.
    const key = `${state.status} ${detail}`;
    if (key === announced) return;
    announced = key;
    if (state.status !== 'connecting') announce('state', [`${words}.`, detail].filter(Boolean).join(' '));
  };
  return {
    setState(next: State) {
      state = next;
      if (next.dropped && next.dropped !== dropped) {
        droppedAt = performance.now();
        announce('dropped', describeDropped(next, formats) ?? '');
      }
      dropped = next.dropped;
      draw();
    },
    /** Shows a problem of the page itself. */
    fail(message: string) {
      pill.dataset.tone = 'bad';
      setText(text, 'Not connected');
      setText(notice, message);
      announce('state', message);
    },
    /** Counts the seconds down. */
    draw,
  };
};
