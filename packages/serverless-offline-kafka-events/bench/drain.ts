/**
 * Drains a topic once: `tsx bench/drain.ts <subject> <topic> <records>`. Prints as JSON the records per second (from the
 * first delivery until `records` are delivered, without joining the group), the CPU time per record in µs, and the
 * memory use.
 */
import { SUBJECTS } from './subjects.ts';

const [, , name = '', topic = '', records = '0'] = process.argv;
const total = Number(records);
const subject = SUBJECTS[name];
if (subject === undefined)
  throw new Error(`unknown subject ${name}: must be one of ${Object.keys(SUBJECTS).join(', ')}`);

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
