import { readFileSync } from 'node:fs';
import {
  InvokeCommand,
  LambdaClient,
  LambdaServiceException,
  type InvokeCommandOutput,
  type LambdaClientConfig,
} from '@aws-sdk/client-lambda';
import { SetupError } from '../infra/local/errors.ts';
import { httpUrl, type Io, networkReason, readArgs, runScript, UsageError } from './lib/cli.ts';

const HELP = `npm run invoke -- FUNCTION [EVENT] [options]     invokes a function and prints its answer

  FUNCTION         ingest, register, live, health, aggregate, cluster-fanout, subscriber-fanout or finalize
  EVENT            a JSON file, such as test/events/msk-one-room.json, or - for standard input ({})
  --endpoint URL   Lambda endpoint (http://localhost:3002, the one of "npm start")
  --aws            invokes on AWS, with the credentials of the AWS CLI
  --stage STAGE    stage (local; required with --aws)
  --region REGION  AWS region (AWS_REGION, else eu-west-1)
  --help

Prints what "aws lambda invoke" prints (StatusCode, FunctionError, …) and then the answer.
Exit code 1 when the function failed or could not be reached, 2 for wrong usage.`;

const SERVICE = 'emoji-streaming';
const LOCAL_ENDPOINT = 'http://localhost:3002';
/** Longer than the timeout of every function. */
const TIMEOUT_MS = 90_000;

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return readArgs({
    args,
    allowPositionals: true,
    options: { endpoint: text, aws: flag, stage: text, region: text, help: flag },
  });
}

/** The event as JSON text. */
function readEvent(file: string | undefined): string {
  if (file === undefined) return '{}';
  const name = file === '-' ? 'The standard input' : file;
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`EVENT should be a file that can be read: ${(error as Error).message}.`, { cause: error });
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${name} should be JSON: ${(error as Error).message}.`, { cause: error });
  }
  return text;
}

async function invoke(client: LambdaClient, fn: string, payload: string, where: string): Promise<InvokeCommandOutput> {
  try {
    return await client.send(new InvokeCommand({ FunctionName: fn, Payload: payload }));
  } catch (error) {
    if (error instanceof LambdaServiceException)
      throw new SetupError(`Lambda at ${where} rejected ${fn}: ${error.name}: ${error.message}`, { cause: error });
    const hint = where.includes('://') ? ': start the platform with "npm start", or use another --endpoint' : '';
    throw new SetupError(`Lambda at ${where} cannot be reached (${networkReason(error)})${hint}.`, { cause: error });
  }
}

export async function main(args: string[], io: Io): Promise<number> {
  const { values, positionals } = readOptions(args);
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const [name, file, extra] = positionals;
  if (name === undefined || extra !== undefined)
    throw new UsageError('FUNCTION should be the name of one function, followed by at most one EVENT.');
  if (values.aws && !values.stage) throw new UsageError('--stage should name the deployed stage, such as prod.');
  const endpoint = values.endpoint ?? (values.aws ? undefined : LOCAL_ENDPOINT);
  const region = values.region ?? (io.env.AWS_REGION || 'eu-west-1');
  const config: LambdaClientConfig = {
    region,
    maxAttempts: 1, // a repeated invocation could run twice
    requestHandler: { requestTimeout: TIMEOUT_MS },
    ...(endpoint === undefined ? {} : { endpoint: httpUrl('--endpoint', endpoint).href }),
    // serverless-offline requires a signature but does not check it.
    ...(values.aws ? {} : { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  };
  const payload = readEvent(file);
  // Suppresses the client's warning that later versions will not support Node.js 20.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = new LambdaClient(config);
  try {
    const fn = `${SERVICE}-${values.stage ?? 'local'}-${name}`;
    const { StatusCode, FunctionError, ExecutedVersion, Payload } = await invoke(
      client,
      fn,
      payload,
      endpoint ?? region,
    );
    io.print(JSON.stringify({ StatusCode, FunctionError, ExecutedVersion }, null, 4));
    if (Payload?.length) io.print(Payload.transformToString());
    return FunctionError ? 1 : 0;
  } finally {
    client.destroy();
  }
}

await runScript(import.meta, 'invoke', main);
