// `npm run docs`: generates the parts of the documents and of the packages' manifests that are derived from the code. A
// test fails when they are out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { HOSTILE_INPUTS } from '../test/hostile/inputs.ts';
import { garbageTable, hostileTables } from '../test/hostile/tables.ts';
import { configTable } from './lib/config-table.ts';
import { section } from './lib/markdown.ts';
import { PACKAGES, readManifest, repositoryLinks, writeManifest } from './lib/repository-links.ts';

const write = async (file: string, name: string, content: string): Promise<void> => {
  const text = section(readFileSync(file, 'utf8'), name, content);
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
};

await write('README.md', 'configuration', configTable());
await write('docs/hostile-input.md', 'answers', hostileTables(HOSTILE_INPUTS));
await write('docs/hostile-input.md', 'garbage', garbageTable());

const { repository } = readManifest('.');
for (const folder of PACKAGES) {
  writeManifest(folder, { ...readManifest(folder), ...repositoryLinks(repository.url, folder) });
}
