import { describe, expect, test } from '@jest/globals';
import { findChromium, installCommand, type Machine } from './chromium.ts';

const machine = (platform: Machine['platform'], programs: string[], env: Machine['env'] = {}): Machine => ({
  ...{ platform, env },
  isProgram: (path) => programs.includes(path),
});

describe('findChromium', () => {
  test.each<[string, Machine, string | undefined]>([
    ['Debian', machine('linux', ['/usr/bin/chromium']), '/usr/bin/chromium'],
    ['a snap', machine('linux', ['/snap/bin/chromium']), '/snap/bin/chromium'],
    ['Chrome', machine('linux', ['/usr/bin/google-chrome']), '/usr/bin/google-chrome'],
    ['a folder in PATH', machine('linux', ['/opt/x/chromium'], { PATH: '.:/opt/x' }), '/opt/x/chromium'],
    [
      'macOS, for all users',
      machine('darwin', ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']),
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    [
      'macOS, for one user',
      machine('darwin', ['/Users/a/Applications/Chromium.app/Contents/MacOS/Chromium'], { HOME: '/Users/a' }),
      '/Users/a/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    [
      'Windows, which always has Edge',
      machine('win32', ['C:\\P (x86)\\Microsoft\\Edge\\Application\\msedge.exe'], {
        'PROGRAMFILES(X86)': 'C:\\P (x86)',
      }),
      'C:\\P (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
    ],
    ['none', machine('linux', []), undefined],
  ])('%s', (_where, where, path) => expect(findChromium(where)).toBe(path));

  test('CHROME_PATH comes first', () => {
    const both = machine('linux', ['/usr/bin/chromium', '/my/chrome'], { CHROME_PATH: '/my/chrome' });
    expect(findChromium(both)).toBe('/my/chrome');
  });

  test('a CHROME_PATH that is no program is an error, although there is another browser', () => {
    const wrong = machine('linux', ['/usr/bin/chromium'], { CHROME_PATH: '/nowhere' });
    expect(() => findChromium(wrong)).toThrow(
      'CHROME_PATH must be the path of a Chromium, Chrome or Edge (there is no program "/nowhere")',
    );
  });
});

test('installCommand suits the operating system', () => {
  const commands = (['linux', 'darwin', 'win32'] as const).map((platform) => installCommand({ platform }));
  expect(commands).toEqual([
    'sudo apt-get install chromium',
    'brew install --cask chromium',
    'winget install Google.Chrome',
  ]);
});
