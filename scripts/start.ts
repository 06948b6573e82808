import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { claimDataDir, DEFAULT_DATA_DIR, REPO } from '../infra/local/data-dir.ts';
import { SetupError } from '../infra/local/errors.ts';
import { announce } from '../infra/local/endpoints.ts';
import { functionsService } from '../infra/local/functions.ts';
import { startLocalInfra } from '../infra/local/index.ts';
import { lineFilter, readyTriggers } from '../infra/local/output.ts';
import { type PageServer, startPageServer, withPage } from '../infra/local/page-server.ts';
import { answers, claimExactly, claimPort, isFree, type PortClaim } from '../infra/local/ports.ts';
import type { Service } from '../infra/local/service.ts';
import { onParentDeath, onStopSignals } from '../infra/local/stop-signals.ts';
import { supervise } from '../infra/local/supervise.ts';
import { waitFor } from '../infra/local/wait.ts';
import { warmUp } from '../infra/local/warm-up.ts';
import { LOCAL_STAGE } from '../lib/config/stages.ts';
import { loadConfig, type Config } from '../lib/config/variables.ts';
import { DEFAULT_ROOM } from '../lib/domain/reaction.ts';
import { PlatformError } from '../lib/errors.ts';
import { MATCH_EMOJIS } from './lib/match.ts';
import { prepareTopics, refuseEvictingRedis } from './lib/named-services.ts';
import { readyText } from './lib/ready.ts';
import { portNumber, readStartOptions, START_OPTIONS_HELP } from './lib/start-options.ts';
import { bearer, signToken } from './lib/token.ts';

const HELP = `npm start [-- options]     runs the platform on this machine: page, broker, Redis and all functions

${START_OPTIONS_HELP}
  --help

When KAFKA_BROKERS or REDIS_URL is set, that broker or Redis is used instead of starting one.
Ctrl-C stops everything in order; a second Ctrl-C kills it at once. "npm run reset" removes the data.`;

/** The ports of the functions, as in serverless.yml. */
const PORTS = { 'http-port': 5013, 'lambda-port': 3002, 'websocket-port': 3001 };

const log = (line: string) => console.log(line);

const PAGE_PORT = 8080;
const PAGE_FOLDER = join(REPO, 'web', 'dist');

/** "localhost" may be 127.0.0.1 or ::1: the framework listens on one of them, browsers try both. So both must be free. */
const isFreeOnBoth = async (port: number) => (await isFree(port)) && !(await answers(port, '::1'));

function ownPort(flag: string, wanted: number): Promise<PortClaim> {
  if (wanted === 0) return claimPort(0);
  const remedy = `stop that program, or use another port: npm start -- --${flag} ${wanted + 1}`;
  return claimExactly(wanted, remedy, isFreeOnBoth);
}

/** How long the Kafka triggers may take to become ready after the functions answer. */
const TRIGGERS_MS = 30_000;

async function main(): Promise<void> {
  const options = readStartOptions();
  if (options.help) return log(HELP);
  const pagePort = portNumber('page-port', options['page-port']);
  const kafkaPort = portNumber('kafka-port', options['kafka-port']);
  const redisPort = portNumber('redis-port', options['redis-port']);
  const wanted = (['http-port', 'lambda-port', 'websocket-port'] as const).map(
    (flag) => [flag, portNumber(flag, options[flag]) ?? PORTS[flag]] as const,
  );

  // Before anything starts, so that an invalid variable is reported in one sentence.
  const config = loadConfig({ ...process.env, STAGE: LOCAL_STAGE });

  const began = performance.now();
  const dir = await claimDataDir(options['data-dir'] ?? DEFAULT_DATA_DIR, log);
  const claims: PortClaim[] = [];
  let forget = () => {};
  const abort = new AbortController();
  const stopping = () => abort.signal.aborted;
  let infra: Promise<Awaited<ReturnType<typeof startLocalInfra>>> | undefined;
  let functions: ReturnType<typeof functionsService> | undefined;
  let page: PageServer | undefined;

  /** Stops the functions first, so that they can finish while broker and Redis still answer. */
  async function shutDown(code: number): Promise<never> {
    abort.abort();
    forget();
    await page?.close();
    await functions?.stop();
    await infra?.then((each) => each.stop()).catch(() => {});
    for (const claim of claims) claim.release();
    dir.release();
    process.exit(code);
  }
  const fail = (reason: string) => {
    console.error(reason);
    if (!stopping()) void shutDown(1);
  };
  onStopSignals(
    () => {
      log('stopping… (Ctrl-C again kills at once)');
      void shutDown(0);
    },
    () => {
      dir.killAll();
      dir.release();
      process.exit(130);
    },
  );
  onParentDeath(() => void shutDown(1));

  try {
    for (const [flag, number] of wanted) claims.push(await ownPort(flag, number));
    const [httpPort = 0, lambdaPort = 0, websocketPort = 0] = claims.map((claim) => claim.port);
    const url = `http://localhost:${httpPort}`;
    const socketUrl = `ws://localhost:${websocketPort}`;
    const pageClaim = pagePort
      ? await ownPort('page-port', pagePort)
      : await claimPort(pagePort ?? PAGE_PORT, isFreeOnBoth);
    claims.push(pageClaim);
    page = await startPageServer({
      folder: PAGE_FOLDER,
      docsFolder: join(REPO, 'docs'),
      port: pageClaim.port,
      config: { url, socketUrl, rooms: [DEFAULT_ROOM], emojis: [...MATCH_EMOJIS] },
    });
    const pageUrl = page.url;
    const triggers = readyTriggers();
    const output = lineFilter(log, { verbose: options.verbose ?? false, onLine: triggers.onLine });
    let checked: Promise<unknown> | undefined;
    let answering: Promise<void> | undefined;
    infra = startLocalInfra({
      dataDir: dir,
      ...(kafkaPort === undefined ? {} : { kafkaPort }),
      ...(redisPort === undefined ? {} : { redisPort }),
      log,
      signal: abort.signal,
      onEndpoints({ kafkaBrokers, redisUrl }) {
        // In parallel with the broker: both take seconds to start, and the functions wait for the broker.
        const env = {
          ...process.env,
          ...{ KAFKA_BROKERS: kafkaBrokers, REDIS_URL: redisUrl },
          // Clients must not register the port of the page.
          DELIVERY_REFUSED_PORTS: [process.env.DELIVERY_REFUSED_PORTS, pageClaim.port].filter(Boolean).join(','),
          CORS_ORIGINS: withPage(config.CORS_ORIGINS, pageUrl).join(','),
        };
        functions = functionsService({ dir, httpPort, lambdaPort, websocketPort, env, output: output.write });
        const named = { ...config, KAFKA_BROKERS: kafkaBrokers.split(','), REDIS_URL: redisUrl };
        const { start } = functions;
        // External services are checked first: with a wrong setting nothing must be counted.
        checked = Promise.all([
          process.env.REDIS_URL ? refuseEvictingRedis(named) : undefined,
          process.env.KAFKA_BROKERS ? prepareTopics(named) : undefined,
        ]);
        answering = checked.then(() => (stopping() ? undefined : start()));
        answering.catch(() => {}); // both are awaited below
      },
    });
    const { broker, redis, kafkaBrokers } = await infra;
    // The broker may have topics of a former version.
    if (broker) await prepareTopics({ ...config, KAFKA_BROKERS: kafkaBrokers.split(',') });
    await checked;
    await answering?.catch((error: Error) => {
      const lines = output.last().map((line) => `  ${line}`);
      throw new SetupError(
        `The functions did not become ready: ${error.message} Last answer of /health: ${functions?.health()}\n${lines.join('\n')}`,
      );
    });
    const watch = (service: Service | undefined, name: string, firstDelayMs: number) =>
      service && supervise(service, { name, log, stopping, firstDelayMs, giveUp: fail });
    watch(functions, 'the functions’ process', 300);
    // Long enough for an outage to be visible: /health shows it, ingest answers 503.
    watch(broker, 'the broker', 3000);
    watch(redis, 'Redis', 3000);
    forget = announce(dir.path);
    // One each for emoji_topic, main_emoji_topic and every cluster's topic.
    const all = 2 + config.CLUSTERS;
    const triggersReady = waitFor(() => triggers.count() >= all || stopping(), TRIGGERS_MS);
    // Warm-up taps are counted only in a broker that we started: another one may hold real data.
    await warmUp(url, { headers: bearer(await warmUpToken(config)), counts: broker !== undefined });
    if (!(await triggersReady))
      log(`only ${triggers.count()} of ${all} Kafka triggers are ready; the others keep trying`);
    if (stopping()) return;
    const seconds = (performance.now() - began) / 1000;
    const hasPage = existsSync(join(PAGE_FOLDER, 'index.html'));
    log(readyText({ pageUrl, url, socketUrl, seconds, hasPage, needsToken: config.AUTH_MODE === 'jwt' }));
  } catch (error) {
    if (stopping()) return; // shutDown is running and will exit
    fail(sentence(error));
  }
}

/** A token for the warm-up, when the platform needs one. With a key set only the identity provider can issue tokens. */
const warmUpToken = async ({ AUTH_MODE, AUTH_SECRET, ...config }: Config): Promise<string | undefined> =>
  AUTH_MODE === 'jwt' && AUTH_SECRET
    ? signToken({ ...config, AUTH_SECRET }, { user: 'npm start', scopes: ['admin'], rooms: [], seconds: 60 })
    : undefined;

const sentence = (error: unknown) =>
  error instanceof SetupError || error instanceof PlatformError
    ? error.message
    : `Unexpected: ${(error as Error).stack ?? String(error)}`;

main().catch((error: unknown) => {
  console.error(sentence(error));
  process.exit(1);
});
