import type * as LambdaSdk from '@aws-sdk/client-lambda';
import type { LambdaClient, LambdaClientConfig } from '@aws-sdk/client-lambda';
import { describeError, KafkaEventsError } from '../errors.ts';
import type { Invoker } from './port.ts';

export interface SdkOptions {
  readonly functionName: string;
  readonly endpoint: string | undefined;
  readonly region: string;
  /** Longer than the function's timeout, in milliseconds: no response by then counts as its timeout (K-54). */
  readonly requestTimeoutMs: number;
}

/** Uses the Invoke API of serverless-offline, the Runtime Interface Emulator or AWS. One request per invocation. */
export const sdkInvoker = async (options: SdkOptions): Promise<Invoker> => {
  const sdk = await loadSdk();
  const client: LambdaClient = new sdk.LambdaClient(clientConfig(options));
  return {
    invoke: async (event) => {
      const timeout = AbortSignal.timeout(options.requestTimeoutMs);
      try {
        const { FunctionError, Payload } = await client.send(
          new sdk.InvokeCommand({
            FunctionName: options.functionName,
            InvocationType: 'RequestResponse',
            Payload: JSON.stringify(event),
          }),
          { abortSignal: timeout },
        );
        const text = Payload === undefined ? '' : Buffer.from(Payload).toString();
        if (FunctionError) return { outcome: 'function-error', message: `${FunctionError}: ${text.slice(0, 500)}` };
        return { outcome: 'success', response: parse(text) };
      } catch (error) {
        if (timeout.aborted) {
          return { outcome: 'function-error', message: `no response within ${options.requestTimeoutMs} ms` };
        }
        if (error instanceof SyntaxError) return { outcome: 'function-error', message: 'the response is not JSON' };
        return { outcome: 'not-reached', message: describeError(error) };
      }
    },
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
};

/** @throws SyntaxError */
const parse = (text: string): unknown => {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    // serverless-offline puts quotes around a string without escaping its content.
    if (/^".*"$/s.test(text)) return text.slice(1, -1);
    throw error;
  }
};

const clientConfig = ({ endpoint, region }: SdkOptions): LambdaClientConfig => ({
  region,
  maxAttempts: 1,
  // Emulators require a signature but do not verify it.
  ...(endpoint === undefined ? {} : { endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
});

const loadSdk = async (): Promise<typeof LambdaSdk> => {
  try {
    return await import('@aws-sdk/client-lambda');
  } catch (cause) {
    throw new KafkaEventsError(
      'PEER_MISSING',
      "invocations through Lambda's Invoke API need `npm install @aws-sdk/client-lambda`",
      { cause },
    );
  }
};
