// `npm run docs`: generates the API documents, and the parts of the other documents and of the packages' manifests that
// are derived from the code. Tests fail when they are out of date.
import { readFileSync } from 'node:fs';
import { HOSTILE_INPUTS } from '../test/hostile/inputs.ts';
import { garbageTable, hostileTables } from '../test/hostile/tables.ts';
import { asyncApiDocument } from './lib/api/asyncapi.ts';
import { openApiDocument } from './lib/api/openapi.ts';
import { configTable } from './lib/config-table.ts';
import { section, writeFormatted } from './lib/markdown.ts';
import { PACKAGES, readManifest, repositoryLinks, writeManifest } from './lib/repository-links.ts';

const write = (file: string, name: string, content: string): Promise<void> =>
  writeFormatted(file, section(readFileSync(file, 'utf8'), name, content));

await write('README.md', 'configuration', configTable());
await write('docs/hostile-input.md', 'answers', hostileTables(HOSTILE_INPUTS));
await write('docs/hostile-input.md', 'garbage', garbageTable());

const { repository, version } = readManifest('.');
await writeFormatted('docs/openapi.json', JSON.stringify(openApiDocument(version)));
await writeFormatted('docs/asyncapi.json', JSON.stringify(asyncApiDocument(version)));

for (const folder of PACKAGES) {
  writeManifest(folder, { ...readManifest(folder), ...repositoryLinks(repository.url, folder) });
}
