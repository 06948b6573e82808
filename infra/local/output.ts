import { stripVTControlCharacters } from 'node:util';

// What serverless-offline prints for every single request; at 400 a second it would hide everything else.
const PER_REQUEST = [/^(GET|POST|PUT|DELETE|OPTIONS|HEAD) \S+ \(λ: /, /^\(λ: \S+\) RequestId: /];

/** What it, and the Kafka triggers, print when all is well: addresses of its own, each run of the schedule, … */
const CHATTER = [
  /^Starting Offline at stage /,
  /^Offline \[\w+ for \w+\] listening on /,
  /^Function names exposed for local invocation/,
  /^ {3}\* [\w-]+: /,
  /^Scheduling \[/,
  /^Successfully invoked scheduled function/,
  /^[┌│└]/,
  /^Server ready: /,
  /^kafka-events: .* ready$/,
];
const matches = (patterns: readonly RegExp[], line: string) =>
  patterns.some((pattern) => pattern.test(stripVTControlCharacters(line)));

/**
 * Cuts what a process prints into lines, leaves out the noise, and remembers the last lines for an error message.
 * @param onLine is told of every line that is not printed for each request
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

/** Which Kafka triggers have said that they are ready. */
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
