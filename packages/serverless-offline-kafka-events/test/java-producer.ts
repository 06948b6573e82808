import { spawn } from 'node:child_process';
import { javaArgs } from './own-kafka.ts';

/** Produces one record per line with Kafka's command-line producer, to test the encoding of Java clients. */
export const javaProduce = (
  lib: string,
  server: string,
  topic: string,
  codec: string,
  lines: readonly string[],
  more: readonly string[] = [],
): Promise<void> =>
  new Promise((resolve, reject) => {
    const args = ['--bootstrap-server', server, '--topic', topic, '--compression-codec', codec, ...more];
    const java = spawn('java', javaArgs(lib, 'org.apache.kafka.tools.ConsoleProducer', ...args));
    let output = '';
    java.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    java.once('error', reject);
    java.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the producer failed: ${output}`))));
    java.stdin.end(lines.join('\n') + '\n');
  });
