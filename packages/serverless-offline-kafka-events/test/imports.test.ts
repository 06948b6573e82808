import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';

const SRC = join(import.meta.dirname, '..', 'src');
const IMPORT = /(?:from|import) '(\.[^']+)'/g;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
);

/** The imports of each file within this package, including type imports; paths are relative to src. */
const imports = new Map(
  files.map((file) => [
    file,
    [...readFileSync(join(SRC, file), 'utf8').matchAll(IMPORT)].map(([, path = '']) =>
      relative(SRC, join(SRC, dirname(file), path)),
    ),
  ]),
);

const folderOf = (file: string): string => (file.includes('/') ? dirname(file) : file);

/** The imports by folder. A file directly in src counts as a folder. */
const folders = new Map<string, string[]>();
for (const [file, imported] of imports) {
  const others = imported.map(folderOf).filter((folder) => folder !== folderOf(file));
  folders.set(folderOf(file), [...new Set([...(folders.get(folderOf(file)) ?? []), ...others])]);
}

/** Searches depth first for a path that returns to one of its nodes. */
const findCycle = (graph: ReadonlyMap<string, readonly string[]>): string[] | undefined => {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return undefined;
};

test('no file imports a file that imports it, directly or through others', () => {
  expect(findCycle(imports)).toBeUndefined();
});

test('no folder imports a folder that imports it, directly or through others', () => {
  expect(findCycle(folders)).toBeUndefined();
});
