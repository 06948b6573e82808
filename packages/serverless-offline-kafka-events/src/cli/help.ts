import { FLAGS } from './flags.ts';

const line = ([name, { help, short }]: [string, (typeof FLAGS)[string]]): string =>
  `  ${`--${name}${short === undefined ? '' : `, -${short}`}`.padEnd(44)}${help}`;

const flagLines = (local: boolean): string =>
  Object.entries(FLAGS)
    .filter(([, { to }]) => to.startsWith('local.') === local)
    .map(line)
    .join('\n');

export const helpText =
  (): string => `Polls a Kafka topic and invokes a Lambda function, as an event source mapping of AWS does.

  npx serverless-offline-kafka-events --broker localhost:9092 --topic orders \\
    --function-name function --endpoint http://localhost:9000

Flags of \`aws lambda create-event-source-mapping\`:
${flagLines(false)}

Local flags:
${flagLines(true)}

Secrets: KAFKA_EVENTS_SECRETS='{"<name>":{"username":"…","password":"…"}}' in the environment.
Ctrl-C finishes the invocation in flight, commits and leaves the group; twice ends at once.
Exit codes: 0 stopped, 1 the mapping gave up, 2 wrong flags.
`;
