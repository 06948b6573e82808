import { expect, test } from '@jest/globals';
import { DEFAULT_EMOJIS, readConfig } from './config.ts';

const url = 'http://localhost:5013';

test('only the address of the platform is needed', () => {
  const config = readConfig({ url });
  expect(config).toMatchObject({ url, socketUrl: undefined, rooms: ['global'] });
  expect(config.emojisOf('final')).toEqual(DEFAULT_EMOJIS);
});

test('a room may have its own emojis, and none has more than eight', () => {
  const many = [...'🔥👏😂😮😢🎉💯🙌🚀'];
  const config = readConfig({ url, rooms: ['a', 'b c'], emojis: ['👏'], roomEmojis: { final: ['🥅'], many } });
  expect(config.rooms).toEqual(['a']);
  expect(['final', 'semi', 'constructor'].map((room) => config.emojisOf(room))).toEqual([['🥅'], ['👏'], ['👏']]);
  expect(config.emojisOf('many')).toHaveLength(8);
});

test.each([[undefined], [{}], [{ url: 'nowhere' }]])('without an address: %p', (value) => {
  expect(() => readConfig(value)).toThrow('config.json: url must be an address');
});

test('a wrong address of the WebSocket', () => {
  expect(() => readConfig({ url, socketUrl: 3001 })).toThrow('config.json: socketUrl must be an address');
});
