import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'oxfmt';
import { REPO } from '../../infra/local/data-dir.ts';

/**
 * Replaces the content between `<!-- name -->` and `<!-- /name -->`.
 * @throws Error when the text has no such section.
 */
export const section = (text: string, name: string, content: string): string => {
  const [before, rest] = text.split(`<!-- ${name} -->`);
  const after = rest?.split(`<!-- /${name} -->`)[1];
  if (before === undefined || after === undefined) throw new Error(`there is no section "${name}"`);
  return `${before}<!-- ${name} -->\n\n${content}\n\n<!-- /${name} -->${after}`;
};

/** Writes a document, formatted as `npm run format` does it. */
export async function writeFormatted(file: string, text: string): Promise<void> {
  const options = JSON.parse(readFileSync(join(REPO, '.oxfmtrc.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(file, (await format(file, text, options)).code);
}
