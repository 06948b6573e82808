import { stripVTControlCharacters } from 'node:util';

// Lines that serverless-offline prints for every request; at 400 a second they would hide everything else.
const PER_REQUEST = [
  /^received connection$/,
  /^(GET|POST|PUT|DELETE|OPTIONS|HEAD) \S+ \(λ: /,
  /^\(λ: \S+\) RequestId: /,
];

/** Lines that it and the Kafka triggers print in normal operation: addresses, each run of the schedule, … */
const CHATTER = [
  /^Starting Offline at stage /,
  /^Offline \[[\w ]+\] listening on /,
  /^route '/,
  /^Function names exposed for local invocation/,
  /^ {3}\* [\w-]+: /,
  /^Scheduling \[/,
  /^Successfully invoked scheduled function/,
  /^[┌│└]/,
  /^Server ready: /,
  /^kafka-events: .* ready$/,
  /^kafka-events: useInProcess: /,
];
const matches = (patterns: readonly RegExp[], line: string) =>
  patterns.some((pattern) => pattern.test(stripVTControlCharacters(line)));

/**
 * Divides the output of a process into lines, removes unimportant ones, and keeps the last lines for an error message.
 * @param onLine called for every line except those of each request
 */
export function lineFilter(
  print: (line: string) => void,
  { verbose = false, remember = 30, onLine = (_line: string) => {} } = {},
) {
  let rest = '';
  const last: string[] = [];
  return {
    last: (): readonly string[] => last,
    write(chunk: string) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim() === '' || matches(PER_REQUEST, line)) continue;
        last.push(line);
        if (last.length > remember) last.shift();
        onLine(line);
        if (verbose || !matches(CHATTER, line)) print(line);
      }
    },
  };
}

/** Counts the Kafka triggers that have printed that they are ready. */
export function readyTriggers() {
  const names = new Set<string>();
  return {
    onLine(line: string): void {
      const [, name] = /^kafka-events: (\S+ ← \S+) .* ready$/.exec(stripVTControlCharacters(line)) ?? [];
      if (name) names.add(name);
    },
    count: () => names.size,
  };
}
