import { javaEnvironment, plainMavenEnvironment } from './environment.ts';
import { SetupError } from './errors.ts';
import type { Run } from './run.ts';

export type Way = 'docker' | 'maven';

/** How to start a broker and a Redis on this machine: with Docker if it is available, else with Java. */
export async function chooseWay(run: Run, jarsAreHere: boolean): Promise<Way> {
  // All checks run in parallel. Docker needs both an engine that answers and the compose plugin.
  const [engine, compose, java, maven] = await Promise.all([
    run('docker', ['info', '--format', '{{.ServerVersion}}'], 5000),
    run('docker', ['compose', 'version'], 5000),
    run('java', ['-version'], 10_000, javaEnvironment()),
    jarsAreHere ? { ok: true } : run('mvn', ['-v'], 20_000, plainMavenEnvironment()),
  ]);
  if (engine.ok && compose.ok) return 'docker';
  const javaVersion = Number(/version "(?:1\.)?(\d+)/.exec(java.output)?.[1] ?? 0);
  if (java.ok && javaVersion >= 17 && maven.ok) return 'maven';
  const docker = engine.ok ? 'Docker answers but has no compose plugin' : 'no Docker engine answers';
  const jvm = !java.ok ? 'no Java' : javaVersion < 17 ? `Java ${javaVersion} is too old` : 'Maven is missing';
  throw new SetupError(
    `No broker and no Redis are available (${docker}; ${jvm}). Do one of these: ` +
      '(1) set KAFKA_BROKERS and REDIS_URL to running servers; (2) start Docker (with Compose); (3) install Java 17 or newer and Maven.',
  );
}
