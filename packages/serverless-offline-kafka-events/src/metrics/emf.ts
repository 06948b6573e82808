import type { CounterName, Counts } from './counters.ts';
import type { MappingReport } from './report.ts';

/** One line in embedded metric format: the counts since the previous report, and the gauges. */
export const emfLine = (now: MappingReport, previous: Counts | undefined, timestamp: number): string => {
  const counts = Object.entries(now.counts).map(([name, count]) => [
    name,
    count - (previous?.[name as CounterName] ?? 0),
  ]);
  const metrics = { ...Object.fromEntries(counts), ...now.gauges };
  return JSON.stringify({
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [
        {
          Namespace: 'AWS/Lambda',
          Dimensions: [['FunctionName', 'EventSourceMapping']],
          Metrics: Object.keys(metrics).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    FunctionName: now.functionName,
    EventSourceMapping: `${now.consumerGroupId}/${now.topic}`,
    ...metrics,
  });
};

const PERIOD_MS = 60_000;

/** Writes one line per mapping every minute. The returned function stops that, and writes the last lines. */
export const startEmf = (reports: () => readonly MappingReport[], write: (line: string) => void): (() => void) => {
  let previous = new Map<string, Counts>();
  const emit = (): void => {
    const next = new Map<string, Counts>();
    for (const report of reports()) {
      const key = `${report.functionName} ${report.topic}`;
      write(`${emfLine(report, previous.get(key), Date.now())}\n`);
      next.set(key, report.counts);
    }
    previous = next;
  };
  const timer = setInterval(emit, PERIOD_MS).unref();
  return () => {
    clearInterval(timer);
    emit();
  };
};
