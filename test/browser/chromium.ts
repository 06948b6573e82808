import { accessSync, constants, existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { runProgram } from '../../infra/local/run.ts';

/** What decides which browser is used; replaced in unit tests. */
export interface Machine {
  platform: NodeJS.Platform;
  env: Record<string, string | undefined>;
  isProgram: (path: string) => boolean;
}

const thisMachine: Machine = { platform: process.platform, env: process.env, isProgram };

const LINUX = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge-stable'];
const MACOS = ['Google Chrome', 'Chromium', 'Microsoft Edge'];
const WINDOWS = ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'];
/** A browser in a snap or a flatpak has a link here, too. */
const LINUX_FOLDERS = ['/usr/bin', '/usr/local/bin', '/snap/bin'];

/** Where browsers are usually installed. */
function usualPaths({ platform, env }: Machine): string[] {
  if (platform === 'darwin')
    return ['/Applications', ...(env.HOME ? [posix.join(env.HOME, 'Applications')] : [])].flatMap((folder) =>
      MACOS.map((name) => `${folder}/${name}.app/Contents/MacOS/${name}`),
    );
  if (platform === 'win32')
    return [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].flatMap((folder) =>
      folder ? WINDOWS.map((path) => win32.join(folder, path)) : [],
    );
  const folders = new Set([
    ...(env.PATH ?? '').split(':').filter((folder) => posix.isAbsolute(folder)),
    ...LINUX_FOLDERS,
  ]);
  return LINUX.flatMap((name) => [...folders].map((folder) => posix.join(folder, name)));
}

/**
 * An installed Chromium, Chrome or Edge; `CHROME_PATH` names another one.
 * @throws Error when `CHROME_PATH` is no program
 */
export function findChromium(machine: Machine = thisMachine): string | undefined {
  const { CHROME_PATH: named } = machine.env;
  if (!named) return usualPaths(machine).find(machine.isProgram);
  if (machine.isProgram(named)) return named;
  throw new Error(`CHROME_PATH must be the path of a Chromium, Chrome or Edge (there is no program "${named}")`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The command that installs a browser, as a person would run it. */
export const installCommand = ({ platform }: Pick<Machine, 'platform'> = thisMachine): string =>
  ({ darwin: 'brew install --cask chromium', win32: 'winget install Google.Chrome' } as Record<string, string>)[
    platform
  ] ?? 'sudo apt-get install chromium';

/** Says that these tests do not run, and what is missing. */
export const browserTestsAreSkipped = (): string =>
  `SKIPPED: the tests in a browser, because no Chromium, Chrome or Edge is installed: ${installCommand()}`;

const INSTALL_MS = 300_000;

/** A browser for the tests. In CI on Debian, as root, it is installed; nowhere else do tests install anything. */
export async function ensureChromium(log: (line: string) => void = () => {}): Promise<string | undefined> {
  const found = findChromium();
  const mayInstall = process.env.CI === 'true' && process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (found || !mayInstall) return found;
  log('installing Chromium (apt-get install chromium)…');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) =>
    // Waits for an installation that another process has begun.
    runProgram('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], INSTALL_MS, env);
  const install = () => apt('install', '-y', '--no-install-recommends', 'chromium');
  let { ok, output } = await install();
  // The package lists of an image are empty or name versions that the server no longer has.
  if (!ok && (await apt('update')).ok) ({ ok, output } = await install());
  if (!ok) log(`Chromium could not be installed: ${output.trim().split('\n').at(-1)}`);
  return findChromium();
}

/** Switches off what a browser does unasked. Playwright's own switches leave these on. */
const ARGS = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync', '--no-proxy-server'];

/** Starts a browser without a window. `close()` ends all its processes, as does the end of this one. */
export async function launch(path = findChromium()): Promise<Browser> {
  if (path === undefined) throw new Error(`No Chromium is installed: ${installCommand()}`);
  // Chromium's sandbox does not work as root.
  return chromium.launch({ executablePath: path, args: ARGS, chromiumSandbox: process.getuid?.() !== 0 });
}
