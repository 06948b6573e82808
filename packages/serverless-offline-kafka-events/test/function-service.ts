import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionDefinition, Serverless } from '../src/serverless.ts';
import { service } from './service.ts';

export interface FunctionService {
  readonly serverless: Serverless;
  readonly dir: string;
  /** Replaces the code of the module with all handlers. */
  write(code: string): void;
  remove(): void;
}

/** A service on disk in a folder in which serverless-offline can be resolved. `code` exports a handler per function. */
export const functionService = (
  code: string,
  functions: Record<string, Partial<FunctionDefinition>>,
  custom: Record<string, unknown> = {},
): FunctionService => {
  const dir = mkdtempSync(join(import.meta.dirname, '.service-'));
  const write = (text: string): void => writeFileSync(join(dir, 'handlers.mjs'), text);
  write(code);
  writeFileSync(join(dir, 'package.json'), '{}');
  const withHandlers = Object.fromEntries(
    Object.entries(functions).map(([key, it]) => [key, { handler: `handlers.${key}`, ...it }]),
  );
  const provider = { runtime: 'nodejs20.x', environment: {}, region: 'eu-west-1' };
  return {
    serverless: {
      config: { servicePath: dir },
      serviceDir: dir,
      service: service(withHandlers, { provider, custom }),
    },
    dir,
    write,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
};
