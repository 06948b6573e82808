// `npm run sbom [-- FOLDER]`: writes a software bill of materials (CycloneDX) of the deployed dependencies.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '../infra/local/data-dir.ts';

const folder = process.argv[2] ?? join(REPO, 'sbom');
const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--omit', 'dev'];
const { status, stdout } = spawnSync(process.execPath, [process.env.npm_execpath ?? '', ...args], {
  cwd: REPO,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) process.exit(status ?? 1);
const { components } = JSON.parse(stdout) as { components: { name: string }[] };
mkdirSync(folder, { recursive: true });
const file = join(folder, 'sbom.cdx.json');
writeFileSync(file, stdout);
console.log(`${file}: ${components.length} components`);
