import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPage } from './page.ts';
import { ROWS } from './rows.ts';
import { findTests } from './tests.ts';

const root = join(import.meta.dirname, '..');
writeFileSync(join(root, 'CONFORMANCE.md'), renderPage(ROWS, findTests(root)));
