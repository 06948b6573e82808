import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '../../infra/local/data-dir.ts';

/** Folders of the publishable packages. */
export const PACKAGES = ['packages/live-reactions', 'packages/serverless-offline-kafka-events'] as const;

export interface Manifest {
  readonly repository: { readonly type: string; readonly url: string; readonly directory?: string };
  readonly homepage?: string;
  readonly bugs?: { readonly url: string };
}

const file = (folder: string): string => join(REPO, folder, 'package.json');

type Versioned = Manifest & { readonly version: string };

export const readManifest = (folder: string): Versioned => JSON.parse(readFileSync(file(folder), 'utf8')) as Versioned;

export const writeManifest = (folder: string, manifest: Manifest): void =>
  writeFileSync(file(folder), `${JSON.stringify(manifest, null, 2)}\n`);

/** Links for a package's manifest, derived from the repository address in the root's package.json. */
export const repositoryLinks = (url: string, folder: string): Manifest => {
  const page = url.replace(/^git\+/, '').replace(/\.git$/, '');
  return {
    homepage: `${page}/tree/main/${folder}`,
    bugs: { url: `${page}/issues` },
    repository: { type: 'git', url, directory: folder },
  };
};
