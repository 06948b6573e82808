import { describe, expect, test } from '@jest/globals';
import { parseFlags } from './flags.ts';

const flags = (line: string) => parseFlags(line.split(' '));

describe('command-line flags', () => {
  test('of the AWS CLI become properties of the mapping; local flags are kept separately', () => {
    const line =
      '--function-name f --topic orders --batch-size 5 --no-bisect-batch-on-function-error ' +
      '--function-response-types ReportBatchItemFailures --destination-config {"OnFailure":{"Destination":"kafka://d"}} ' +
      '-b a:1 --endpoint http://localhost:9000 --no-tls';
    expect(flags(line)).toEqual({
      properties: {
        FunctionName: 'f',
        Topics: ['orders'],
        BatchSize: 5,
        BisectBatchOnFunctionError: false,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        DestinationConfig: { OnFailure: { Destination: 'kafka://d' } },
      },
      local: { bootstrapServers: 'a:1', endpoint: 'http://localhost:9000', tls: false },
    });
  });

  test.each([
    ['--batchsize 5', "Unknown option '--batchsize' See --help."],
    ['--batch-size five', '--batch-size is "five": must be a number'],
    ['--filter-criteria {', '--filter-criteria is "{": must be JSON'],
    ['--batch-size', "Option '--batch-size <value>' argument missing See --help."],
    ['orders', "Unexpected argument 'orders'"],
  ])('cause an error with the reason if they are invalid: %s', (line, message) => {
    expect(() => flags(line)).toThrow(message);
  });
});
