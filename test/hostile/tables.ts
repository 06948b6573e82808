import { badRequests } from '../e2e/garbage-requests.ts';
import type { HostileInput } from './inputs.ts';

const cell = (text: string) => text.replaceAll('|', '\\|');

/** What is queued is told where it is not simply what was sent. */
const queuedIn = ({ request, queued }: HostileInput): string => {
  const { body } = request;
  if (typeof body !== 'object' || Buffer.isBuffer(body)) return '';
  const changed = Object.entries(queued ?? {}).filter(([key, value]) => (body as typeof queued)?.[key] !== value);
  return changed.map(([key, value]) => `, queued with \`"${key}":${JSON.stringify(value)}\``).join('');
};

/** The tables of docs/hostile-input.md. */
export const hostileTables = (groups: Record<string, HostileInput[]>): string =>
  Object.entries(groups)
    .map(([group, inputs]) =>
      [
        `### ${group}`,
        '',
        '| input | answer |',
        '| --- | --- |',
        ...inputs.map((input) => `| ${cell(input.what)} | ${cell(input.answer + queuedIn(input))} |`),
      ].join('\n'),
    )
    .join('\n\n');

/** The table of what is hardly HTTP: what the local server answers. */
export const garbageTable = (): string =>
  [
    '| over a connection | answer |',
    '| --- | --- |',
    ...badRequests().map(([what, , outcome]) => `| ${cell(what)} | ${outcome} |`),
  ].join('\n');
