import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Root } from 'react-dom/client';
import { Window } from 'happy-dom';
import { createFakeServer, type FakeServer } from './testing.ts';

const page = new Window();
let server: FakeServer;
let root: Root | undefined;
let renders = 0;

beforeAll(() => {
  const { document, navigator } = page;
  Object.assign(globalThis, { window: page, document, navigator, IS_REACT_ACT_ENVIRONMENT: true });
});
afterEach(async () => {
  const { act } = await import('react');
  await act(async () => root?.unmount());
  jest.useRealTimers();
});
afterAll(() => page.happyDOM.close());

/** Renders a component that shows the room's fires. @returns what renders it with another room, and the page's text */
const mount = async () => {
  jest.useFakeTimers();
  server = createFakeServer();
  const { act, createElement, StrictMode } = await import('react');
  const { createRoot } = await import('react-dom/client');
  const { useReactions } = await import('./react.ts');
  const Fires = ({ room }: { room: string }) => {
    const { tap, totals, state } = useReactions<'🔥'>({ ...server.options, room });
    renders++;
    return createElement('button', { onClick: () => tap('🔥') }, `${room}: ${totals['🔥'] ?? 0} ${state.status}`);
  };
  const container = page.document.createElement('div');
  root = createRoot(container as unknown as Element);
  const pass = (ms: number) => act(() => jest.advanceTimersByTimeAsync(ms));
  const show = async (room: string) => {
    await act(async () => root?.render(createElement(StrictMode, null, createElement(Fires, { room }))));
    await pass(0);
  };
  return { show, pass, container, click: () => act(async () => container.querySelector('button')?.click()) };
};

test('a component shows totals and state, taps, and changes its room over one connection', async () => {
  const { show, pass, container, click } = await mount();
  server.crowd('🔥', 5, 'a');
  server.crowd('🔥', 8, 'b');
  await show('a');
  expect(container.textContent).toBe('a: 5 live');
  await click();
  expect(container.textContent).toBe('a: 6 live');
  await pass(2000);
  expect([container.textContent, server.total('🔥', 'a')]).toEqual(['a: 6 live', 6]);
  await show('b');
  expect(container.textContent).toBe('b: 8 live');
  expect(server.connections).toBe(1);
});

test('without changes nothing is rendered again, and an unmounted component leaves no connection and no timer', async () => {
  const { show, pass } = await mount();
  await show('a');
  const before = renders;
  await pass(10_000);
  expect(renders).toBe(before);
  const { act } = await import('react');
  await act(async () => root?.unmount());
  await pass(0);
  expect([server.connections, jest.getTimerCount()]).toEqual([0, 0]);
});

test('a server renders the beginning, without a client', async () => {
  await mount();
  const { createElement } = await import('react');
  const { renderToString } = await import('react-dom/server');
  const { useReactions } = await import('./react.ts');
  const Status = () => createElement('i', null, useReactions({ ...server.options, room: 'a' }).state.status);
  expect(renderToString(createElement(Status))).toBe('<i>connecting</i>');
  expect(server.calls).toEqual([]);
});
