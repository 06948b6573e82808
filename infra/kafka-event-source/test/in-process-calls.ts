/**
 * Calls functions in process and prints each result as a line of JSON. Arguments: `{functions, calls, options}` as
 * JSON; each call is a function key, or `write <code>` and `reload` between two.
 */
import { inProcessInvokers } from '../src/invoker/in-process.ts';
import { functionService } from './function-service.ts';

interface Calls {
  readonly code: string;
  readonly functions: Record<string, { timeout?: number }>;
  readonly options: Record<string, unknown>;
  readonly steps: readonly ({ call: string } | { write: string } | { reload: true })[];
}

const { code, functions, options, steps } = JSON.parse(process.argv[2] ?? '') as Calls;
const service = functionService(code, functions);
const invokers = await inProcessInvokers(service.serverless, options);
try {
  for (const step of steps) {
    if ('write' in step) service.write(step.write);
    else if ('reload' in step) await invokers.reload();
    else {
      const event = { eventSource: 'aws:kafka', bootstrapServers: 'b:1', records: {} } as const;
      console.log(JSON.stringify(await invokers.invokerFor(step.call).invoke(event)));
    }
  }
} finally {
  await invokers.close();
  service.remove();
}
process.exit(0);
