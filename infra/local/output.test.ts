import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineFilter } from './output.ts';

const filter = () => {
  const printed: string[] = [];
  return { printed, ...lineFilter((line) => printed.push(line), { remember: 3 }) };
};

test('what is printed for every request is left out, all else goes through', () => {
  const { printed, write } = filter();
  write(
    'POST /emoji (λ: ingest)\n(λ: ingest) RequestId: 1  Duration: 2 ms\n\nServer ready\n  ✖ TypeError: POST /emoji\n',
  );
  expect(printed).toEqual(['Server ready', '  ✖ TypeError: POST /emoji']);
});

test('the last lines are remembered for an error message', () => {
  const { write, last } = filter();
  write('a\nb\nc\nd\ne');
  expect(last()).toEqual(['b', 'c', 'd']);
});

test('however the text is cut, the lines are the same', () => {
  const text = 'first\nGET /health (λ: health)\n\nsecond\nthird\n';
  fc.assert(
    fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
      const { printed, write } = filter();
      let from = 0;
      for (const to of [...cuts.sort((a, b) => a - b), text.length]) {
        write(text.slice(from, to));
        from = to;
      }
      expect(printed).toEqual(['first', 'second', 'third']);
    }),
  );
});
