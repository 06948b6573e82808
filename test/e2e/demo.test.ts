import { expect, test } from '@jest/globals';
import { printed, scripts } from '../support/scripts.ts';
import { until } from '../support/until.ts';
import { platformForTests } from './fixture.ts';
import { liveTotals } from './live.ts';
import type { SharedPlatform } from './shared-platform.ts';

const { start, run } = scripts();
let platform: SharedPlatform;
platformForTests((started) => (platform = started));

const play = (room: string) => ['--url', platform.url, '--room', room, '--no-open'];
const answeredIn = (stdout: string) => Number(/, ([\d,]+) were answered 200$/m.exec(stdout)?.[1]?.replaceAll(',', ''));
const counted = async (room: string) =>
  [...(await liveTotals(platform.url, [room])).values()].reduce((sum, taps) => sum + taps, 0);

test('npm run demo plays a match, and each of its taps counts once', async () => {
  const { code, stdout, stderr } = await run('demo', [...play('demo'), '--minutes', '0.1', '--once']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const phases = [
    "0' Kick-off: 150 taps/s",
    "12' Goal for home: 400 taps/s",
    "45' Half-time: 10 taps/s",
    "90' Full time: ",
  ];
  expect(phases.filter((phase) => !stdout.includes(phase))).toEqual([]);
  const answered = answeredIn(stdout);
  expect(answered).toBeGreaterThan(300);
  await until('all taps are counted', async () => (await counted('demo')) >= answered);
  expect(await counted('demo')).toBe(answered);
});

test('Ctrl-C ends the match after the answers to its taps', async () => {
  const demo = start('demo', play('demo-stopped'));
  await printed(demo, 'stdout', 'Kick-off');
  await until('taps are counted', async () => (await counted('demo-stopped')) > 0);
  demo.kill('SIGINT');
  const { code, stdout } = await demo.ended;
  expect(code).toBe(0);
  const answered = answeredIn(stdout);
  await until('all taps are counted', async () => (await counted('demo-stopped')) >= answered);
  expect(await counted('demo-stopped')).toBe(answered);
});

test('the options of npm start are passed on, and its error is printed', async () => {
  expect(await run('demo', ['--page-port', 'x', '--no-open'])).toEqual({
    ...{ code: 1, stdout: '', stderr: '--page-port should be a port number (0–65535), not "x".\n' },
  });
  expect(await run('demo', [...play('demo'), '--verbose'])).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('--verbose is for a platform that is started, so not with --url.') },
  });
});
