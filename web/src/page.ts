import { createReactions, type Counts } from 'live-reactions';
import { createAnnouncer } from './announcer.ts';
import { createBar } from './bar.ts';
import { createChart } from './chart.ts';
import { loadConfig, type Config } from './config.ts';
import { find, onMedia, setText } from './dom.ts';
import { FLIGHT_MS } from './flight.ts';
import { createFormats, sum } from './formats.ts';
import { remembered } from './remembered.ts';
import { createRoomPicker } from './rooms.ts';
import { createSpreader } from './spread.ts';
import { createStage } from './stage.ts';
import { createStatus } from './status.ts';
import { roomOf, takeToken, withRoom } from './visit.ts';

const MAX_FLOATING = 200;
/** CSS pixels, on a narrow screen and on others. */
const EMOJI_SIZE = { narrow: 30, wide: 40 };
const REFRESH_MS = 1000;
/** Own taps are announced when counted together for this long; the crowd's rarely, because people watch something. */
const CROWD_EVERY_MS = 15_000;

const formats = createFormats();
const spoken = find('#announcer', HTMLElement);
const announce = createAnnouncer((text) => void (spoken.textContent = text));
const status = createStatus(formats, announce);

/** Whether emojis float: not while the viewer hides them, prefers no motion, or looks at another tab. */
const createFloating = () => {
  const canvas = find('#canvas', HTMLCanvasElement);
  const toggle = find('#hide', HTMLButtonElement);
  const size = matchMedia('(max-width: 40rem)').matches ? EMOJI_SIZE.narrow : EMOJI_SIZE.wide;
  const stage = createStage(canvas, { capacity: MAX_FLOATING, size });
  const spread = createSpreader({ capacity: () => stage.comfortable, flightMs: FLIGHT_MS });
  let isHidden = remembered.get('hidden') === '1';
  let isStill = false;

  const update = () => {
    stage.setActive(!isHidden && !isStill && !document.hidden);
    setText(toggle, isHidden ? 'Show emojis' : 'Hide emojis');
  };
  toggle.addEventListener('click', () => {
    isHidden = !isHidden;
    remembered.set('hidden', isHidden ? '1' : '0');
    update();
  });
  document.addEventListener('visibilitychange', update);
  update();
  return {
    canvas,
    show: (counts: Counts, x?: number) => stage.launch(spread(counts, performance.now()), x),
    setStill(still: boolean) {
      isStill = still;
      toggle.hidden = still;
      update();
    },
  };
};

/** Says what was tapped: own taps together, the crowd's now and then. */
const createSpeaker = () => {
  let own: Record<string, number> = {};
  let crowd = 0;
  let last = performance.now();
  return ({ added, own: isOwn }: Counts) => {
    if (isOwn) {
      for (const [emoji, taps = 0] of Object.entries(added)) own[emoji] = (own[emoji] ?? 0) + taps;
      announce('own', `You tapped ${formats.tally(own)}.`);
      return;
    }
    own = {};
    crowd += sum(added);
    if (crowd === 0 || performance.now() - last < CROWD_EVERY_MS) return;
    announce('crowd', `${formats.some(crowd, 'new reaction')} from the crowd.`);
    crowd = 0;
    last = performance.now();
  };
};

const start = (config: Config, token: string | undefined) => {
  let room = roomOf(location.search) ?? config.rooms[0];
  const floating = createFloating();
  const chart = createChart(formats);
  const speak = createSpeaker();
  const overlayLink = find('#overlay-link', HTMLAnchorElement);
  const reactions = createReactions({ url: config.url, socketUrl: config.socketUrl, room, token });
  const bar = createBar(find('#bar', HTMLElement), formats, (emoji) => reactions.tap(emoji));
  const picker = createRoomPicker(config.rooms, (picked) => {
    history.pushState(undefined, '', withRoom(location.href, picked));
    showRoom(picked);
  });

  const showRoom = (next: string) => {
    room = next;
    bar.show(config.emojisOf(room));
    picker.show(room);
    reactions.setRoom(room);
    bar.setTotals(reactions.current.totals);
    chart.setTotals(reactions.current.totals);
    chart.setCounts(reactions.current.counts);
    setText(find('#stage-room', HTMLElement), room);
    document.title = `${room} · Live reactions`;
    overlayLink.href = `overlay?room=${encodeURIComponent(room)}`;
  };

  onMedia('(prefers-reduced-motion: reduce)', (still) => {
    floating.setStill(still);
    bar.setStill(still);
  });
  reactions.on('counts', (counts) => {
    const [emoji = ''] = Object.keys(counts.added);
    floating.show(counts, counts.own ? bar.placeOf(emoji, floating.canvas) : undefined);
    chart.setCounts(counts);
    bar.pulse(counts);
    speak(counts);
  });
  reactions.on('totals', (totals) => {
    bar.setTotals(totals);
    chart.setTotals(totals);
  });
  reactions.on('state', status.setState);
  status.setState(reactions.current.state);
  showRoom(room);
  history.replaceState(undefined, '', withRoom(location.href, room));
  addEventListener('popstate', () => showRoom(roomOf(location.search) ?? config.rooms[0]));
  setInterval(() => {
    if (document.hidden) return;
    status.draw();
    chart.draw();
  }, REFRESH_MS);
};

const { token, href } = takeToken(location.href);
if (token) history.replaceState(undefined, '', href);
const retry = find('#retry', HTMLButtonElement);
const open = async () => {
  retry.hidden = true;
  const config = await loadConfig().catch((error: unknown) => {
    status.fail(`The page cannot start. ${(error as Error).message}`);
    retry.hidden = false;
  });
  if (config) start(config, token);
};
retry.addEventListener('click', () => void open());
void open();
