import { expect, test } from '@jest/globals';
import { hasBrowser } from './open-page.ts';

test.each([
  ['a Mac', 'darwin', {}, true],
  ['Windows', 'win32', {}, true],
  ['Linux with a desktop', 'linux', { DISPLAY: ':0' }, true],
  ['Linux with Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['Linux in Windows', 'linux', { WSL_DISTRO_NAME: 'Debian' }, true],
  ['a server', 'linux', {}, false],
  ['a Mac over SSH', 'darwin', { SSH_CONNECTION: '10.0.0.1' }, false],
  ['CI', 'darwin', { CI: 'true' }, false],
  ['CI with a display', 'linux', { CI: 'true', DISPLAY: ':99' }, false],
] as const)('hasBrowser: %s', (_name, platform, env, expected) => expect(hasBrowser({ platform, env })).toBe(expected));
