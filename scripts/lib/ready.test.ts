import { expect, test } from '@jest/globals';
import { addressesIn, readyText } from './ready.ts';

const addresses = { pageUrl: 'http://localhost:8080', url: 'http://localhost:5013', socketUrl: 'ws://localhost:3001' };
const others = { pageUrl: 'http://localhost:2001', url: 'http://localhost:2002', socketUrl: 'ws://localhost:2003' };
const ready = { ...addresses, seconds: 12.34, hasPage: true, needsToken: false };

test('the page comes first', () => {
  expect(readyText(ready)).toBe(`
Ready in 12.3 s

Open http://localhost:8080 and tap
Overlay for OBS: http://localhost:8080/overlay?room=global
HTTP API: http://localhost:5013   WebSockets: ws://localhost:3001
API documents: http://localhost:8080/docs

In two more terminals:
  npm run simulate
  npm run client -- --port 6000 --room global
`);
});

test('without a built page it says how to build it', () => {
  const text = readyText({ ...ready, hasPage: false });
  expect(text).toContain('\n\nThe page is not built yet: npm run prepare; then open http://localhost:8080\nHTTP API: ');
  expect(text).not.toContain('overlay');
});

test('the commands name another port of the API', () => {
  const text = readyText({ ...ready, ...others });
  expect(text).toContain('npm run simulate -- --url http://localhost:2002\n');
  expect(text).toContain('npm run client -- --port 6000 --room global --url http://localhost:2002\n');
});

test('with AUTH_MODE=jwt it says where tokens come from', () => {
  expect(readyText({ ...ready, needsToken: true })).toMatch(
    /\n\nAll of them need a token .*npm run token -- --help\n$/,
  );
});

test.each([true, false])('addressesIn finds the addresses (page built: %s)', (hasPage) => {
  const text = `broker: x\n${readyText({ ...ready, ...others, hasPage })}\nmore\n`;
  expect(addressesIn(text)).toEqual({ ...others, hasPage });
  expect(addressesIn(text.slice(0, text.indexOf('ws:') + 5))).toBeUndefined();
  expect(addressesIn('broker: x\n')).toBeUndefined();
});
