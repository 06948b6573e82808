import { badRequests } from '../e2e/garbage-requests.ts';
import type { HostileInput } from './inputs.ts';

const cell = (text: string) => text.replaceAll('|', '\\|');

/** The fields of the queued tap that differ from the request. */
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

/** The table of malformed HTTP requests and the answers of the local server. */
export const garbageTable = (): string =>
  [
    '| over a connection | answer |',
    '| --- | --- |',
    ...badRequests().map(([what, , outcome]) => `| ${cell(what)} | ${outcome} |`),
  ].join('\n');
