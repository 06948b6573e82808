// `npm run conformance` and `npm run bench`: runs a script of the plugin's package with a broker.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalInfra } from '../infra/local/index.ts';
import { onParentDeath, onStopSignals } from '../infra/local/stop-signals.ts';
import { testEnvironment } from './lib/test-environment.ts';

const PLUGIN = 'packages/serverless-offline-kafka-events';
const [script = '', ...args] = process.argv.slice(2);
const needsBroker = !process.env.KAFKA_BROKERS && !args.includes('--aws');

const abort = new AbortController();
const dataDir = mkdtempSync(join(tmpdir(), 'plugin-'));
onStopSignals(
  () => abort.abort(),
  () => process.exit(130),
);
onParentDeath(() => abort.abort());

const run = (env: NodeJS.ProcessEnv): Promise<number> =>
  new Promise((resolve, reject) => {
    const npm = [process.env.npm_execpath ?? '', 'run', '--silent', script, '--workspace', PLUGIN, '--', ...args];
    const child = spawn(process.execPath, npm, { stdio: 'inherit', env: { ...process.env, LONG_TESTS: '1', ...env } });
    abort.signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
  });

try {
  if (!needsBroker) {
    process.exitCode = await run({});
  } else {
    const options = { dataDir, kafkaPort: 0, redisPort: 0, env: {}, log: console.log, signal: abort.signal };
    const infra = await startLocalInfra(options);
    try {
      process.exitCode = await run(await testEnvironment(infra));
    } finally {
      await infra.stop();
    }
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit();
