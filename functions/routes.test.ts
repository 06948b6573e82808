import { expect, test } from '@jest/globals';
import { serverlessYml } from '../test/support/serverless-yml.ts';
import { routes } from './routes.ts';

test('the server has exactly the HTTP routes of serverless.yml, each with the same function', async () => {
  const inYml = Object.entries(serverlessYml().functions).flatMap(([name, { events }]) =>
    Array.isArray(events) ? events.flatMap(({ httpApi }) => (httpApi ? [[httpApi, name] as const] : [])) : [],
  );
  expect(inYml.length).toBeGreaterThan(0);
  const handlers = await Promise.all(
    inYml.map(async ([route, name]) => {
      const module = (await import(`./${name}.ts`)) as { handler: unknown };
      return [route, module.handler] as const;
    }),
  );
  expect(new Map(Object.entries(routes))).toEqual(new Map(handlers));
  for (const [route, handler] of handlers) expect(routes[route]).toBe(handler);
});
