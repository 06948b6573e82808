import { DEFAULT_ROOM } from '../lib/domain/reaction.ts';
import { httpUrl, type Io, positiveNumber, readArgs, runScript, UsageError } from './lib/cli.ts';
import { tapMatch } from './lib/crowd.ts';
import { matchOf, phaseLine } from './lib/match.ts';
import { hasBrowser, openPage } from './lib/open-page.ts';
import { START_OPTIONS, START_OPTIONS_HELP } from './lib/start-options.ts';
import { startProcess } from './lib/start-process.ts';
import { errorList } from './lib/simulate-output.ts';
import { count } from './lib/table.ts';
import { bearer } from './lib/token.ts';

const HELP = `npm run demo [-- options]     starts the platform, opens the page and plays a match with an invented crowd

  --minutes N         length of the match (3): quiet minutes, goals, boos, half-time, … and again until Ctrl-C
  --once              one match only
  --room ROOM         the room in which the crowd taps (${DEFAULT_ROOM})
  --no-open           does not open the page in the browser; in CI and without a display it is never opened
  --url URL           URL of the API of a platform that runs already; then none is started
  --token TOKEN       token of scope admin, for a platform with AUTH_MODE=jwt (EMOJI_TOKEN)
  --help

And those of npm start:
${START_OPTIONS_HELP}

Ctrl-C ends the taps, then the platform; a second Ctrl-C kills all at once.
Exit code 1 when any tap was not answered 200 or the platform did not start, 2 for wrong usage.`;

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return readArgs({
    args,
    options: {
      ...START_OPTIONS,
      minutes: { ...text, default: '3' },
      once: flag,
      room: { ...text, default: DEFAULT_ROOM },
      'no-open': flag,
      url: text,
      token: text,
      help: flag,
    },
  }).values;
}

type Options = ReturnType<typeof readOptions>;

/** The options of `npm start` among those given, as its arguments. */
const startArguments = (values: Options): string[] =>
  (Object.keys(START_OPTIONS) as (keyof typeof START_OPTIONS)[]).flatMap((name) => {
    const value = values[name];
    return value === undefined || value === false ? [] : [`--${name}`, ...(value === true ? [] : [value])];
  });

interface Play {
  url: URL;
  room: string;
  seconds: number;
  once: boolean;
  token: string | undefined;
  stop: AbortSignal;
}

/** Plays match after match. @returns the exit code */
async function play({ url, room, seconds, once, token, stop }: Play, { print }: Io): Promise<number> {
  const match = matchOf(seconds);
  let all = 0;
  for (let played = 0; !stop.aborted && !(once && played > 0); played++) {
    const statistics = await tapMatch({
      ...{ url: new URL('emoji', url), headers: bearer(token), room, match, stop },
      onPhase: (phase) => print(phaseLine(phase)),
    });
    const { sent, answered } = statistics.read().all.total;
    const errors = statistics.errors();
    const rest = errors.size > 0 ? `; not answered 200: ${errorList(errors)}` : '';
    print(`The crowd has sent ${count(sent)} taps, ${count(answered)} were answered 200${rest}`);
    all += sent - answered;
  }
  return all > 0 ? 1 : 0;
}

export async function main(args: string[], io: Io): Promise<number> {
  const values = readOptions(args);
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const seconds = positiveNumber('--minutes', values.minutes, 600) * 60;
  const options = { room: values.room, seconds, once: values.once ?? false, token: values.token || io.env.EMOJI_TOKEN };
  const forStart = startArguments(values);
  if (values.url !== undefined) {
    if (forStart.length > 0)
      throw new UsageError(`${forStart[0]} is for a platform that is started, so not with --url.`);
    return play({ ...options, url: httpUrl('--url', values.url), stop: io.stopSignal() }, io);
  }

  const stop = io.stopSignal();
  const platform = startProcess(forStart, io);
  const stopStart = () => void platform.stop();
  stop.addEventListener('abort', stopStart);
  const addresses = await platform.ready;
  if (!addresses) return platform.ended;
  // From here on, the taps end first.
  stop.removeEventListener('abort', stopStart);
  if (!values['no-open'] && addresses.hasPage && hasBrowser({ platform: process.platform, env: io.env }))
    await openPage(addresses.pageUrl);
  // A platform that has ended leaves nothing to tap.
  const over = new AbortController();
  void platform.ended.then(() => over.abort());
  const code = await play(
    { ...options, url: httpUrl('--url', addresses.url), stop: AbortSignal.any([stop, over.signal]) },
    io,
  );
  return (await platform.stop()) || code;
}

await runScript(import.meta, 'demo', main);
