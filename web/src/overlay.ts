import { createReactions, type Counts, type Totals } from 'live-reactions';
import { DEFAULT_EMOJIS, loadConfig } from './config.ts';
import { startDemo } from './demo.ts';
import { find } from './dom.ts';
import { FLIGHT_MS } from './flight.ts';
import { countOf, createFormats } from './formats.ts';
import { onActivity } from './obs.ts';
import { readOverlayParams } from './overlay-params.ts';
import { createSpreader } from './spread.ts';
import { createStage } from './stage.ts';
import { takeToken } from './visit.ts';

const RETRY_MS = 5000;
const MAX_TOTALS = 8;

const { token, href } = takeToken(location.href);
if (token) history.replaceState(undefined, '', href);
const params = readOverlayParams(location.search, (message) => console.warn(message));
const { size, max, lane, density, delayMs } = params;
const stage = createStage(find('#canvas', HTMLCanvasElement), { capacity: max, size, lane });
const strip = find('#totals', HTMLElement);
Object.assign(document.documentElement.dataset, { theme: params.theme, lane });
document.documentElement.style.setProperty('--size', `${size}px`);
const formats = createFormats();

const chosen = (counts: Totals): Totals =>
  params.emojis ? Object.fromEntries(params.emojis.map((emoji) => [emoji, countOf(counts, emoji)])) : counts;

const showTotals = (totals: Totals) => {
  if (params.theme === 'none') return;
  const entries = Object.entries(chosen(totals))
    .filter(([, count = 0]) => count > 0)
    .sort(([, a = 0], [, b = 0]) => b - a)
    .slice(0, MAX_TOTALS);
  strip.replaceChildren(
    ...entries.map(([emoji, count = 0]) => {
      const entry = document.createElement('li');
      const face = document.createElement('span');
      face.textContent = emoji;
      entry.append(face, ` ${formats.compact(count)}`);
      return entry;
    }),
  );
};

/** Shows counts until it is closed. Any frame holds the whole state, so a new one begins with the first it gets. */
const open = (): (() => void) => {
  const closing = new AbortController();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const spread = createSpreader({ capacity: () => max, flightMs: FLIGHT_MS, density });
  const after = (ms: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };
  /** The audience sees the stream with a delay; emojis get the same one. */
  const delayed = (act: () => void) => (delayMs === 0 ? act() : after(delayMs, act));
  const onCounts = (counts: Counts) =>
    delayed(() => stage.launch(spread({ ...counts, added: chosen(counts.added) }, performance.now())));
  const onTotals = (totals: Totals) => delayed(() => showTotals(totals));

  const connect = async () => {
    try {
      const { url, socketUrl, rooms } = await loadConfig();
      if (closing.signal.aborted) return;
      const room = params.room ?? rooms[0];
      const reactions = createReactions({ url, socketUrl, room, token, signal: closing.signal });
      reactions.on('counts', onCounts);
      reactions.on('totals', onTotals);
    } catch (error) {
      // Viewers of the stream must not see it.
      console.warn((error as Error).message);
      if (!closing.signal.aborted) after(RETRY_MS, () => void connect());
    }
  };
  const stopDemo = params.demo ? startDemo(params.emojis ?? DEFAULT_EMOJIS, onCounts, onTotals) : undefined;
  if (!params.demo) void connect();
  return () => {
    closing.abort();
    stopDemo?.();
    for (const timer of timers) clearTimeout(timer);
  };
};

let close: (() => void) | undefined;
onActivity((isActive) => {
  stage.setActive(isActive);
  close?.();
  close = isActive ? open() : undefined;
  if (!isActive) strip.replaceChildren();
});
