/**
 * A warm function keeps its connections to Kafka and Redis, and `serverless invoke local` would wait for them for ever:
 * this plugin ends the process once the function has answered.
 */
export default class EndInvokeLocal {
  hooks = {
    // The exit code is set by then; what was written must still reach a pipe.
    'after:invoke:local:invoke': () => process.stdout.write('', () => process.exit()),
  };
}
