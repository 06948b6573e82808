import { expect, test } from '@jest/globals';
import { serverlessYml } from '../../test/support/serverless-yml.ts';
import { SERVICE, triggered } from './triggers.ts';

const { service, functions } = serverlessYml();
const parts: Record<string, unknown> = await import('../serverless.ts');
const resolve = (events: unknown): unknown => {
  const [, name] = /^\$\{file\(infra\/serverless\.js\):(\w+)\}$/.exec(String(events)) ?? [];
  return name === undefined ? events : parts[name];
};

test('the server triggers exactly the functions with Kafka events in serverless.yml, with their events and timeouts', async () => {
  const withKafka = Object.entries(functions).flatMap(([name, { events, timeout }]) => {
    const resolved = resolve(events);
    return JSON.stringify(resolved).includes('"msk":') ? [[name, { events: resolved, timeout }] as const] : [];
  });
  expect(withKafka.length).toBeGreaterThan(0);
  expect(Object.entries(triggered).map(([name, { events, timeout }]) => [name, { events, timeout }])).toEqual(
    withKafka,
  );
  for (const [name, { handler }] of Object.entries(triggered))
    expect(handler).toBe(((await import(`../../functions/${name}.ts`)) as { handler: unknown }).handler);
  expect(SERVICE).toBe(service);
});

test('finalize is the only function with a schedule', () => {
  const scheduled = Object.entries(functions).filter(
    ([, { events }]) => Array.isArray(events) && events.some(({ schedule }) => schedule !== undefined),
  );
  expect(scheduled.map(([name]) => name)).toEqual(['finalize']);
});
