/**
 * Invokes functions in process and prints each result as a line of JSON. The argument is `Calls` as JSON. Its steps are
 * calls (`handler`: passed as the event's bootstrapServers; `eager`: with --reloadHandler; `reload`: with a reload while
 * the call runs), new code, and reloads.
 */
import { inProcessInvokers } from '../src/invoker/in-process.ts';
import { functionService } from './function-service.ts';

interface Calls {
  readonly code: string;
  readonly functions: Record<string, { timeout?: number }>;
  /** Options of serverless-offline. */
  readonly options?: Record<string, unknown>;
  readonly steps: readonly (
    | { call: string; handler?: string; eager?: true; reload?: true }
    | { write: string }
    | { reload: true }
  )[];
}

const { code, functions, options = {}, steps } = JSON.parse(process.argv[2] ?? '') as Calls;
const service = functionService(code, functions);
const usual = await inProcessInvokers(service.serverless, options);
const eager = await inProcessInvokers(service.serverless, { ...options, reloadHandler: true });
try {
  for (const step of steps) {
    if ('call' in step) {
      const event = { eventSource: 'aws:kafka', bootstrapServers: step.handler ?? 'b:1', records: {} } as const;
      const result = (step.eager ? eager : usual).invokerFor(step.call).invoke(event);
      if (step.reload) await usual.reload();
      console.log(JSON.stringify(await result));
    } else if ('write' in step) service.write(step.write);
    else await usual.reload();
  }
} finally {
  await Promise.all([usual.close(), eager.close()]);
  service.remove();
}
process.exit(0);
