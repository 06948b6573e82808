import { describe, expect, test } from '@jest/globals';
import { chooseWay } from './choose.ts';
import { SetupError } from './errors.ts';
import type { Run } from './run.ts';

interface Machine {
  engine?: boolean;
  compose?: boolean;
  java?: string;
  maven?: boolean;
}

const machine = ({ engine = false, compose = false, java, maven = false }: Machine) => {
  const asked: string[] = [];
  const run: Run = async (program, args) => {
    asked.push(program);
    if (program === 'java') return { ok: java !== undefined, output: java ?? 'spawn java ENOENT' };
    const ok = program === 'mvn' ? maven : args[0] === 'info' ? engine : compose;
    return { ok, output: '' };
  };
  return { run, asked };
};
const JAVA_17 = 'openjdk version "17.0.9" 2023-10-17\nOpenJDK Runtime Environment';
const JAVA_21 = 'Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21" 2023-09-19';

describe('the first available way is used', () => {
  test.each<[string, Machine, boolean, string]>([
    ['Docker', { engine: true, compose: true, java: JAVA_17, maven: true }, true, 'docker'],
    ['Java and Maven', { java: JAVA_17, maven: true }, false, 'maven'],
    ['Java and Maven, when Docker has no compose', { engine: true, java: JAVA_21, maven: true }, false, 'maven'],
    ['Java and Maven, when compose has no engine', { compose: true, java: JAVA_21, maven: true }, false, 'maven'],
    ['Java alone, when the jars were downloaded before', { java: JAVA_17 }, true, 'maven'],
  ])('%s', async (_what, has, jarsAreHere, way) => {
    expect(await chooseWay(machine(has).run, jarsAreHere)).toBe(way);
  });

  test('Maven is not called when it is not needed', async () => {
    const { run, asked } = machine({ java: JAVA_17 });
    await chooseWay(run, true);
    expect(asked).not.toContain('mvn');
  });
});

describe('without an available way, the error says what is missing and names the three ways', () => {
  test.each<[string, Machine, RegExp]>([
    ['nothing', {}, /\(no Docker engine answers; no Java\)/],
    ['Java 8', { java: 'java version "1.8.0_392"', maven: true }, /Java 8 is too old/],
    ['Java 11', { java: 'openjdk version "11.0.2"', maven: true }, /Java 11 is too old/],
    ['no Maven', { java: JAVA_17 }, /Maven is missing/],
    ['no compose', { engine: true }, /Docker answers but has no compose plugin/],
  ])('%s', async (_what, has, why) => {
    const error = await chooseWay(machine(has).run, false).catch((each: unknown) => each as Error);
    expect(error).toBeInstanceOf(SetupError);
    expect((error as Error).message).toMatch(why);
    expect((error as Error).message).toMatch(/KAFKA_BROKERS and REDIS_URL.*start Docker.*Java 17 or newer and Maven/);
    expect((error as Error).message).not.toContain('\n');
  });
});
