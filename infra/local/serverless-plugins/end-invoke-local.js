/**
 * Functions keep their connections to Kafka and Redis, so `serverless invoke local` would never end. This plugin ends
 * the process when the function has answered.
 */
export default class EndInvokeLocal {
  hooks = {
    // The exit code is set by then. The empty write waits until earlier output has been written.
    'after:invoke:local:invoke': () => process.stdout.write('', () => process.exit()),
  };
}
