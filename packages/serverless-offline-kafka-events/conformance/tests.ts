import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NamedTest {
  /** Title of the `describe` around the test, if there is one. */
  readonly suite?: string;
  readonly name: string;
  /** Relative to the package, with forward slashes. */
  readonly file: string;
}

/** Titles of tests: strings that begin with the id of a row and are followed by the test's function. */
const TITLE = /(['"`])(K-\d\d (?:(?!\1)[^\\\n]|\\.)*)\1,/g;
/** Titles of suites: `describe`, `(condition ? describe.skip : describe)` or `describe.each`, not indented. */
const SUITE = /^(?:describe|\(lib [^)]*describe\)|\]\))\((['"`])((?!K-\d)(?:(?!\1)[^\\\n]|\\.)*)\1, \(/gm;

/** Returns a function that finds the suite around a position in a test file. */
const suites = (text: string): ((index: number) => string | undefined) => {
  const found = [...text.matchAll(SUITE)].map(({ 2: title = '', index }) => {
    return { title, start: index, end: text.indexOf('\n}', index) };
  });
  return (index) => found.find(({ start, end }) => start < index && index < end)?.title;
};

/** Every test of the package whose title begins with the id of a row. */
export const findTests = (root: string): NamedTest[] =>
  ['src', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
      .filter((file) => /\.(test|long)\.ts$/.test(file))
      .sort()
      .flatMap((file) => {
        const text = readFileSync(join(root, file), 'utf8');
        const suiteAt = suites(text);
        return [...text.matchAll(TITLE)].map(({ 2: name = '', index }) => {
          const suite = suiteAt(index);
          return { ...(suite === undefined ? {} : { suite }), name, file };
        });
      }),
  );

export const rowsOf = ({ name }: NamedTest): string[] => [...name.matchAll(/K-\d\d/g)].map(([row]) => row);
