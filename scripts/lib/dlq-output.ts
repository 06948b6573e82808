import type { DeadLetter } from '../../lib/usecases/dead-letters.ts';
import type { Io } from './cli.ts';
import { type Entry, placeName } from './dead-letters.ts';
import { textOf } from './replay.ts';
import { printable, printableLine } from './screen.ts';
import { count, table } from './table.ts';

export const NEWEST = 20;

const iso = (ms: number) => new Date(ms).toISOString();
const entryJson = ({ partition: _partition, offset: _offset, at, replay, ...entry }: Entry) => ({
  ...entry,
  set_aside_at: iso(at),
  ...(replay?.state === 'done' ? { replayed_at: iso(replay.at) } : {}),
});
const stateOf = ({ replay }: Entry) =>
  replay === undefined ? '' : replay.state === 'done' ? 'put back' : 'replay interrupted';

/** Prints the newest entries, or all, as a table or as JSON lines. */
export function printList(print: Io['print'], entries: readonly Entry[], all: boolean, json: boolean): void {
  const shown = all ? entries : entries.slice(-NEWEST);
  if (json) {
    for (const entry of shown) print(JSON.stringify(entryJson(entry)));
    return;
  }
  const rows = shown.map((entry) => [
    entry.id,
    printableLine(placeName(entry.place)),
    iso(entry.at),
    count(entry.size),
    stateOf(entry),
    printableLine(entry.reason),
  ]);
  print(table(['id', 'position', 'set aside', 'bytes', '', 'reason'], rows, [0, 1, 2, 4, 5]).join('\n'));
  const more = entries.length - shown.length;
  if (more > 0) print(`… ${count(more)} older: --all shows them`);
}

/** Prints one dead letter in full, as far as it is available. */
export function printLetter(print: Io['print'], entry: Entry, letter: DeadLetter, json: boolean): void {
  const bytes = Buffer.from(letter.value, 'base64');
  const text = textOf(bytes);
  const value = text === undefined ? { hex: bytes.toString('hex') } : { text };
  const key = letter.key === undefined ? {} : { key: Buffer.from(letter.key, 'base64').toString() };
  const found = { ...entryJson(entry), ...key, truncated: letter.truncated === true, size: bytes.length };
  if (json) {
    print(JSON.stringify({ ...found, ...value }));
    return;
  }
  const { place, truncated, ...rest } = found;
  const lines = Object.entries({
    ...rest,
    position: placeName(place),
    ...(place.timestamp === undefined ? {} : { written_at: iso(place.timestamp) }),
    ...(truncated ? { truncated: 'yes: the topic no longer has the whole record' } : {}),
  }).map(([name, what]) => `${`${name}:`.padEnd(15)}${printableLine(String(what))}`);
  print([...lines, '', text === undefined ? `hex ${value.hex}` : printable(text)].join('\n'));
}
