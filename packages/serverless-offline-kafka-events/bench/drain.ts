/**
 * One drain of a topic: `tsx bench/drain.ts <subject> <topic> <records>`. Prints records per second, from the first
 * delivery to the one that makes `records` (joining a group is not counted), the processor time of a record in µs, and
 * the memory, as JSON.
 */
import { SUBJECTS } from './subjects.ts';

const [, , name = '', topic = '', records = '0'] = process.argv;
const total = Number(records);
const subject = SUBJECTS[name];
if (subject === undefined) throw new Error(`no subject ${name}: one of ${Object.keys(SUBJECTS).join(', ')}`);

let seen = 0;
let first: { at: number; count: number; cpu: NodeJS.CpuUsage } | undefined;
const rss: number[] = [];
const watch = setInterval(() => rss.push(process.memoryUsage().rss), 50);
const result = await new Promise<{ perSecond: number; cpuMicros: number }>((resolve, reject) => {
  const arrived = (count: number): void => {
    first ??= { at: performance.now(), count, cpu: process.cpuUsage() };
    seen += count;
    if (seen < total) return;
    const { user, system } = process.cpuUsage(first.cpu);
    const counted = seen - first.count;
    resolve({
      perSecond: (counted / (performance.now() - first.at)) * 1000,
      cpuMicros: (user + system) / counted,
    });
  };
  subject(topic, arrived).catch(reject);
});
clearInterval(watch);
const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
const half = rss.slice(rss.length / 2);
console.log(
  JSON.stringify({ ...result, peakMb: megabytes(Math.max(...rss)), secondHalfMb: megabytes(Math.max(...half)) }),
);
process.exit(0);
