import { FLAGS } from './flags.ts';

const line = ([name, { help, short }]: [string, (typeof FLAGS)[string]]): string =>
  `  ${`--${name}${short === undefined ? '' : `, -${short}`}`.padEnd(44)}${help}`;

const flagLines = (local: boolean): string =>
  Object.entries(FLAGS)
    .filter(([, { to }]) => to.startsWith('local.') === local)
    .map(line)
    .join('\n');

export const helpText =
  (): string => `Polls a Kafka topic and invokes a Lambda function, like an event source mapping of AWS.

  npx serverless-offline-kafka-events --broker localhost:9092 --topic orders \\
    --function-name function --endpoint http://localhost:9000

Flags of \`aws lambda create-event-source-mapping\`:
${flagLines(false)}

Local flags:
${flagLines(true)}

Secrets: KAFKA_EVENTS_SECRETS='{"<name>":{"username":"…","password":"…"}}' in the environment.
Ctrl-C waits for the invocation in flight, commits and leaves the group; a second Ctrl-C exits at once.
Exit codes: 0 stopped by a signal, 1 the mapping stopped with an error, 2 invalid flags.
`;
