import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { REPO } from '../../infra/local/data-dir.ts';

interface FunctionInYml {
  handler: string;
  /** Seconds. */
  timeout?: number;
  /** A variable such as `${file(infra/serverless.js):aggregateEvents}` is not resolved. */
  events: string | { httpApi?: string; schedule?: string; websocket?: unknown }[];
}

export const serverlessYml = () =>
  parse(readFileSync(join(REPO, 'serverless.yml'), 'utf8')) as {
    service: string;
    functions: Record<string, FunctionInYml>;
  };
