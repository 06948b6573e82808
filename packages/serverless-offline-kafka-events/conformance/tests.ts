import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NamedTest {
  readonly name: string;
  /** Relative to the package, with forward slashes. */
  readonly file: string;
}

/** Titles: a string that begins with a row, and is followed by the test's function. */
const TITLE = /(['"`])(K-\d\d (?:(?!\1)[^\\\n]|\\.)*)\1,/g;

/** Every test of the package whose name begins with a row, as its source says. */
export const findTests = (root: string): NamedTest[] =>
  ['src', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
      .filter((file) => /\.(test|long)\.ts$/.test(file))
      .sort()
      .flatMap((file) =>
        [...readFileSync(join(root, file), 'utf8').matchAll(TITLE)].map(([, , name = '']) => ({ name, file })),
      ),
  );

export const rowsOf = ({ name }: NamedTest): string[] => [...name.matchAll(/K-\d\d/g)].map(([row]) => row);
