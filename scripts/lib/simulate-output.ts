import type { Counts, Latency, Reading } from './statistics.ts';
import { count, table } from './table.ts';

/** The state after each second. */
export interface Progress {
  elapsedMs: number;
  /** Time since the previous one. */
  intervalMs: number;
  all: Reading;
  clients: readonly Reading[];
  inFlight: number;
  /** HTTP status or error code → taps, since the start. */
  errors: ReadonlyMap<string, number>;
}

export interface Summary {
  elapsedMs: number;
  total: Counts;
  clients: readonly Counts[];
  latency: Latency;
  errors: ReadonlyMap<string, number>;
  /** Taps answered 200: room → emoji → taps. */
  answered: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** The part of the wanted rate that was answered 200; 1 when nothing was due. */
const achieved = ({ due, answered }: Counts) => (due === 0 ? 1 : answered / due);

const percent = (part: number) => `${Math.round(part * 100)} %`;
const ms = (value: number) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
const rounded = (value: number) => Math.round(value * 1000) / 1000;
const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);

/** "503 × 12, ECONNRESET × 1" */
export const errorList = (errors: ReadonlyMap<string, number>) =>
  [...errors].map(([reason, taps]) => `${reason} × ${count(taps)}`).join(', ');

/** At most this many clients get a row of their own. */
const MAX_ROWS = 20;

const HEAD = [
  'client',
  'sent/s',
  'answered/s',
  'rate',
  'answered',
  'since',
  'p50 ms',
  'p99 ms',
  'retried',
  'not 200',
  'missed',
];

function row(name: string, { total, delta, latency }: Reading, intervalMs: number): string[] {
  const perSecond = (taps: number) => count((taps / intervalMs) * 1000);
  return [
    name,
    perSecond(delta.sent),
    perSecond(delta.answered),
    percent(achieved(delta)),
    count(total.answered),
    `+${count(delta.answered)}`,
    ms(latency.p50),
    ms(latency.p99),
    count(total.retried),
    count(total.refused + total.failed),
    count(total.missed),
  ];
}

/** The table that is redrawn every second on a terminal. */
export function progressTable(title: string, progress: Progress): string[] {
  const { all, clients, intervalMs, elapsedMs, inFlight, errors } = progress;
  const shown = clients.slice(0, MAX_ROWS).map((client, n) => row(String(n + 1), client, intervalMs));
  const more = clients.length - shown.length;
  return [
    `${title}   ${seconds(elapsedMs)} s   ${count(inFlight)} requests in flight`,
    '',
    ...table(HEAD, [...shown, ...(more > 0 ? [[`… ${count(more)} more`]] : []), row('all', all, intervalMs)]),
    ...(errors.size > 0 ? ['', `taps not answered 200: ${errorList(errors)}`] : []),
  ];
}

/** The same as one line, for pipes and files. */
export function progressLine({ all, intervalMs, elapsedMs, inFlight, errors }: Progress): string {
  const [, sent, answered, rate, total, since, p50, p99, retried, , missed] = row('all', all, intervalMs);
  const parts = [
    `${seconds(elapsedMs)} s`,
    `sent ${sent}/s`,
    `answered ${answered}/s (${rate})`,
    `total ${total} (${since})`,
    `p50 ${p50} ms`,
    `p99 ${p99} ms`,
    `${inFlight} in flight`,
    ...(retried === '0' ? [] : [`${retried} retried`]),
    ...(missed === '0' ? [] : [`${missed} missed`]),
    ...(errors.size > 0 ? [`not 200: ${errorList(errors)}`] : []),
  ];
  return parts.join('  ');
}

const readingJson = ({ total, delta, latency }: Reading) => ({
  total,
  delta,
  achieved: rounded(achieved(delta)),
  p50_ms: rounded(latency.p50),
  p99_ms: rounded(latency.p99),
});

export function progressJson({ all, clients, elapsedMs, intervalMs, inFlight, errors }: Progress): string {
  return JSON.stringify({
    elapsed_s: rounded(elapsedMs / 1000),
    sent_per_s: rounded((all.delta.sent / intervalMs) * 1000),
    answered_per_s: rounded((all.delta.answered / intervalMs) * 1000),
    ...readingJson(all),
    in_flight: inFlight,
    errors: Object.fromEntries(errors),
    clients: clients.map((client, n) => ({ client: n + 1, ...readingJson(client) })),
  });
}

export function summaryLines({ elapsedMs, total, clients, latency, errors, answered }: Summary): string[] {
  const perSecond = count((total.answered / elapsedMs) * 1000);
  const head = ['client', 'sent', 'answered', 'rate', 'retried', 'refused', 'failed', 'missed'];
  const clientRows = clients
    .slice(0, MAX_ROWS)
    .map((client, n) => [
      String(n + 1),
      count(client.sent),
      count(client.answered),
      percent(achieved(client)),
      count(client.retried),
      count(client.refused),
      count(client.failed),
      count(client.missed),
    ]);
  const emojis = (taps: ReadonlyMap<string, number>) =>
    [...taps].sort(([, a], [, b]) => b - a).map(([emoji, number]) => `${emoji} ${count(number)}`);
  return [
    '',
    ...table(head, clientRows),
    ...(clients.length > MAX_ROWS ? [`… ${count(clients.length - MAX_ROWS)} more`] : []),
    '',
    `${seconds(elapsedMs)} s: ${count(total.sent)} taps sent, ${count(total.answered)} answered 200 (${perSecond}/s, ${percent(achieved(total))} of the rate)`,
    `latency: p50 ${ms(latency.p50)} ms, p99 ${ms(latency.p99)} ms, max ${ms(latency.max)} ms`,
    ...[...answered].map(([room, taps]) => `answered 200 in ${room}: ${emojis(taps).join('  ')}`),
    ...(total.retried > 0 ? [`sent again, with the same event_id: ${count(total.retried)} times a tap`] : []),
    ...(total.missed > 0 ? [`could not be sent in time: ${count(total.missed)} taps`] : []),
    ...(errors.size > 0 ? [`not answered 200: ${errorList(errors)}`] : []),
  ];
}

export function summaryJson({ elapsedMs, total, latency, errors, answered }: Summary): string {
  return JSON.stringify({
    summary: {
      elapsed_s: rounded(elapsedMs / 1000),
      ...total,
      achieved: rounded(achieved(total)),
      p50_ms: rounded(latency.p50),
      p99_ms: rounded(latency.p99),
      max_ms: rounded(latency.max),
      errors: Object.fromEntries(errors),
      taps: Object.fromEntries([...answered].map(([room, taps]) => [room, Object.fromEntries(taps)])),
    },
  });
}
