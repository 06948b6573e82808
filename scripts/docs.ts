// `npm run docs`: writes into the README what is made from the code. A test fails when somebody forgot to.
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { configTable } from './lib/config-table.ts';
import { section } from './lib/markdown.ts';

const README = 'README.md';
const text = section(readFileSync(README, 'utf8'), 'configuration', configTable());
writeFileSync(README, await format(text, { ...(await resolveConfig(README)), filepath: README }));
