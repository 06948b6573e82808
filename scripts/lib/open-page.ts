import open from 'open';

/** Whether there is a browser that somebody sees: not in CI, and on Linux and over SSH only with a display. */
export function hasBrowser({ platform, env }: { platform: NodeJS.Platform; env: NodeJS.ProcessEnv }): boolean {
  if (env.CI) return false;
  const hasDisplay = Boolean(env.DISPLAY || env.WAYLAND_DISPLAY || env.WSL_DISTRO_NAME);
  return hasDisplay || (['darwin', 'win32'].includes(platform) && !env.SSH_CONNECTION);
}

/** Opens a page in the user's browser. A failure is ignored, because the address has been printed. */
export const openPage = (url: string): Promise<void> =>
  open(url).then(
    (child) => void child.on('error', () => {}),
    () => {},
  );
