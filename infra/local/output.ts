// What serverless-offline prints for every single request; at 400 a second it would hide everything else.
const PER_REQUEST = [/^(GET|POST|PUT|DELETE|OPTIONS|HEAD) \S+ \(λ: /, /^\(λ: \S+\) RequestId: /];

/** Cuts what a process prints into lines, leaves out the noise, and remembers the last lines for an error message. */
export function lineFilter(print: (line: string) => void, remember = 30) {
  let rest = '';
  const last: string[] = [];
  return {
    last: (): readonly string[] => last,
    write(chunk: string) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim() === '' || PER_REQUEST.some((pattern) => pattern.test(line))) continue;
        last.push(line);
        if (last.length > remember) last.shift();
        print(line);
      }
    },
  };
}
