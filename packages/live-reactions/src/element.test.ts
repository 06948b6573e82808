import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { Window } from 'happy-dom';
import { createFakeServer, type FakeServer } from './testing.ts';

const page = new Window();
let server: FakeServer;
let isStill = false;

beforeAll(async () => {
  const { HTMLElement, customElements, document, CSSStyleSheet } = page;
  const matchMedia = () => ({ matches: isStill });
  Object.assign(globalThis, { HTMLElement, customElements, document, CSSStyleSheet, matchMedia });
  await import('./element.ts');
});
beforeEach(() => {
  jest.useFakeTimers();
  server = createFakeServer();
  const { fetch, WebSocket } = server.options;
  Object.assign(globalThis, { fetch, WebSocket });
});
afterEach(() => {
  page.document.body.replaceChildren();
  isStill = false;
  jest.useRealTimers();
});
afterAll(() => page.happyDOM.close());

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const show = async (attributes: string) => {
  page.document.body.innerHTML = `<live-reactions url="http://fake.test" socket-url="ws://fake.test" ${attributes}></live-reactions>`;
  await pass(0);
  const element = page.document.querySelector('live-reactions');
  const shadow = element?.shadowRoot;
  if (!element || !shadow) throw new Error('there is no element');
  const texts = (selector: string) =>
    [...shadow.querySelectorAll(selector)].map(({ textContent }) => textContent.trim());
  return { element, shadow, texts };
};

test('a bar shows totals; a button taps, and its emoji floats for a moment', async () => {
  server.crowd('🔥', 12_400);
  const { shadow, texts } = await show('emojis="🔥 ❤️"');
  expect(texts('button')).toEqual(['🔥 12K', '❤️']);
  await pass(10_000);
  expect(texts('.stage span')).toEqual([]);
  shadow.querySelectorAll('button')[1]?.click();
  expect(texts('.stage span')).toEqual(['❤️']);
  expect(shadow.querySelectorAll('button')[1]?.getAttribute('aria-label')).toBe('❤️ 1');
  await pass(3000);
  expect([server.total('❤️'), texts('.stage span')]).toEqual([1, []]);
});

test('few emojis float, however many are tapped, and none for people who prefer no motion', async () => {
  server.crowd('🔥', 1_000_000);
  const moving = await show('');
  expect(moving.texts('.stage span').length).toBeGreaterThan(0);
  expect(moving.texts('.stage span').length).toBeLessThanOrEqual(30);
  isStill = true;
  expect((await show('')).texts('.stage span')).toEqual([]);
});

test('another room is shown over the same connection, and a removed element leaves none', async () => {
  server.crowd('🔥', 7, 'semi');
  const { element, texts } = await show('room="final" emojis="🔥"');
  element.setAttribute('room', 'semi');
  await pass(0);
  expect(texts('button')).toEqual(['🔥 7']);
  expect(server.calls.filter((call) => call === 'socket open')).toHaveLength(1);
  element.remove();
  await pass(0);
  expect(server.connections).toBe(0);
});

test('a line says what is wrong, and nothing when all is well', async () => {
  const { texts } = await show('');
  expect(texts('.state')).toEqual(['']);
  server.setReachable(false);
  await pass(5000);
  expect(texts('.state')).toEqual(['The server cannot be reached.']);
});
