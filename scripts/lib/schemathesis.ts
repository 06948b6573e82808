import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_DATA_DIR } from '../../infra/local/data-dir.ts';
import { SetupError } from '../../infra/local/errors.ts';
import { runProgram } from '../../infra/local/run.ts';
import type { Io } from './cli.ts';

const VERSION = '4.32.0';
const RECENT = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
const INSTALL_WITHIN_MS = 300_000;

/** @throws SetupError when there is none that is recent enough */
export async function findPython(env: NodeJS.ProcessEnv): Promise<string> {
  for (const name of ['python3', 'python']) if ((await runProgram(name, ['-c', RECENT], 10_000, env)).ok) return name;
  throw new SetupError(
    'Python 3.10 or newer with venv is needed, as "python3" or "python" in the PATH (on Debian: apt-get install python3-venv).',
  );
}

/** The program `schemathesis`, in a virtual environment that is kept for further runs. */
export async function installSchemathesis({ env, print }: Pick<Io, 'env' | 'print'>): Promise<string> {
  const folder = join(DEFAULT_DATA_DIR, `schemathesis-${VERSION}`);
  const bin = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  // Written last, so that an interrupted installation is not taken for a complete one.
  const stamp = join(folder, 'installed');
  if (!existsSync(stamp)) {
    const python = await findPython(env);
    print(`installing schemathesis ${VERSION} in ${folder}…`);
    rmSync(folder, { recursive: true, force: true });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `schemathesis==${VERSION}`];
    const steps: [program: string, args: string[]][] = [
      [python, ['-m', 'venv', folder]],
      [join(bin, 'python'), pip],
    ];
    for (const [program, args] of steps) {
      const { ok, output } = await runProgram(program, args, INSTALL_WITHIN_MS, env);
      if (!ok) throw new SetupError(`schemathesis could not be installed: ${output.slice(-500)}`);
    }
    writeFileSync(stamp, '');
  }
  return join(bin, 'schemathesis');
}
