import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { kafkaLib, startKafka } from '../test/own-kafka.ts';

const root = join(import.meta.dirname, '..');

/** Runs the tests, including the long ones. */
const runJest = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> => {
  const jest = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin/jest.js');
  const flags = ['--experimental-vm-modules', jest, '--config', join(root, 'jest.config.js'), '--runInBand'];
  const child = spawn(process.execPath, [...flags, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
};

/** Uses the broker that KAFKA_BROKERS names, or starts one for the run. */
const onLocalBroker = async (args: readonly string[]): Promise<number> => {
  if (process.env['KAFKA_BROKERS']) return runJest(args, {});
  const lib = kafkaLib();
  if (lib === undefined) {
    process.stderr.write('Set KAFKA_BROKERS=host:port, or KAFKA_LIB=<folder with the jars of Kafka 4>.\n');
    return 2;
  }
  const kafka = await startKafka(lib);
  try {
    return await runJest(args, { KAFKA_BROKERS: kafka.plaintext });
  } finally {
    await kafka.stop();
  }
};

const [first, adapter, ...rest] = process.argv.slice(2);
if (first !== '--aws') {
  process.exitCode = await onLocalBroker(process.argv.slice(2));
} else if (adapter === undefined) {
  process.stderr.write('--aws needs a module: see test/portable/README.md\n');
  process.exitCode = 2;
} else {
  process.exitCode = await runJest(['test/portable', ...rest], { CONFORMANCE_ADAPTER: adapter });
}
