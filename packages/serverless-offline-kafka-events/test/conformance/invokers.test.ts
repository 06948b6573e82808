import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { KafkaEvent } from '../../src/event.ts';
import { sdkInvoker } from '../../src/invoker/sdk.ts';
import { runChild } from '../child.ts';
import { lambdaEndpoint } from '../lambda-endpoint.ts';

const EVENT: KafkaEvent = { eventSource: 'aws:kafka', bootstrapServers: 'b:1', records: {} };
const HANDLERS = `
  export const answers = async (event, context) => ({ event, left: context.getRemainingTimeInMillis() > 0 });
  export const nothing = async () => {};
  export const throws = async () => { throw new Error('no'); };
  export const hangs = () => new Promise((resolve) => setTimeout(resolve, 60_000));
  export const bigints = async () => ({ n: 1n });
  export const version = async () => 1;
  export const slow = () => new Promise((resolve) => setTimeout(resolve, 300, 'done'));
`;
const FUNCTIONS = { answers: {}, nothing: {}, throws: {}, hangs: { timeout: 1 }, bigints: {}, version: {}, slow: {} };

/** Results of the calls; other output of serverless-offline is ignored. */
const inProcess = async (steps: readonly unknown[]): Promise<unknown[]> => {
  const input = { code: HANDLERS, functions: FUNCTIONS, steps };
  const child = runChild(join(import.meta.dirname, '../in-process-calls.ts'), [JSON.stringify(input)]);
  expect(await child.ended).toBe(0);
  return child.lines.filter((line) => line.startsWith('{"outcome"')).map((line) => JSON.parse(line));
};
const call = (name: string) => ({ call: name });

describe('a function that is invoked in process', () => {
  test('K-24 K-36 K-54 fails if it throws an error or exceeds its timeout', async () => {
    const names = ['answers', 'nothing', 'throws', 'hangs', 'bigints', 'answers'];
    const answer = { outcome: 'success', response: { event: EVENT, left: true } };
    expect(await inProcess(names.map(call))).toEqual([
      answer,
      { outcome: 'success', response: null },
      { outcome: 'function-error', message: 'no' },
      { outcome: 'function-error', message: expect.stringContaining('timeout') },
      { outcome: 'function-error', message: expect.stringContaining('the response cannot be converted to JSON') },
      answer,
    ]);
  });

  test('runs new code after a reload, or at every call with --reloadHandler; calls in flight finish', async () => {
    const write = (version: number) => ({ write: HANDLERS.replace('=> 1', `=> ${version}`) });
    const eager = { call: 'version', eager: true };
    const steps = [call('version'), eager, write(2), call('version'), eager, { reload: true }, call('version')];
    const inFlight = [write(3), { call: 'slow', reload: true }, call('version')];
    const responses = [1, 1, 1, 2, 2, 'done', 3].map((response) => ({ response }));
    expect(await inProcess([...steps, ...inFlight])).toMatchObject(responses);
  });
});

/** An endpoint with the same response to every request. */
const fixedEndpoint = async (status: number, body: string, headers: Record<string, string> = {}) => {
  const server = createServer((_, response) => response.writeHead(status, headers).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

describe('a function behind a Lambda endpoint', () => {
  const invokeAt = async (endpoint: string, requestTimeoutMs = 2_000) => {
    const invoker = await sdkInvoker({
      functionName: 'shop-consumer',
      endpoint,
      region: 'eu-west-1',
      requestTimeoutMs,
    });
    const result = await invoker.invoke(EVENT);
    await invoker.close();
    return result;
  };

  test('K-24 K-36 is invoked synchronously, and fails with FunctionError or a response that is not JSON', async () => {
    let fail = false;
    const endpoint = await lambdaEndpoint((event) => {
      if (fail) throw new Error('no');
      return event;
    });
    expect(await invokeAt(endpoint.url)).toEqual({ outcome: 'success', response: EVENT });
    fail = true;
    expect(await invokeAt(endpoint.url)).toMatchObject({
      outcome: 'function-error',
      message: expect.stringMatching(/^Unhandled: .*no/),
    });
    await endpoint.close();
    const broken = await fixedEndpoint(200, '<html>');
    expect(await invokeAt(broken.url)).toEqual({ outcome: 'function-error', message: 'the response is not JSON' });
    broken.close();
  });

  test('K-38 was not reached if it is throttled, missing or unreachable, or the service fails', async () => {
    for (const [status, type] of [
      [429, 'TooManyRequestsException'],
      [500, 'ServiceException'],
      [404, 'ResourceNotFoundException'],
    ] as const) {
      const endpoint = await fixedEndpoint(status, '{"Message":"x"}', { 'x-amzn-errortype': type });
      expect(await invokeAt(endpoint.url)).toMatchObject({ outcome: 'not-reached' });
      endpoint.close();
    }
    expect(await invokeAt('http://127.0.0.1:9')).toMatchObject({ outcome: 'not-reached' });
  });

  test('K-36 K-54 has exceeded its timeout if there is no response in time', async () => {
    const endpoint = await lambdaEndpoint(() => new Promise(() => undefined));
    expect(await invokeAt(endpoint.url, 200)).toEqual({
      outcome: 'function-error',
      message: 'no response within 200 ms',
    });
    await endpoint.close();
  });
});
