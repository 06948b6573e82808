import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders } from '../../test/support/folder.ts';
import { frameworkEnvironment, isWritable, javaEnvironment, plainMavenEnvironment } from './environment.ts';

const folder = temporaryFolders();

test('Java gets no Java options or class path from the environment, and a UTF-8 locale', () => {
  const env = {
    PATH: '/bin',
    LC_ALL: 'C',
    JDK_JAVA_OPTIONS: '-XX:+UseG1GC',
    JAVA_TOOL_OPTIONS: '-Xx',
    _JAVA_OPTIONS: '-Xx',
    CLASSPATH: '/x',
  };
  expect(javaEnvironment(env)).toEqual({ PATH: '/bin', LC_ALL: 'C.UTF-8' });
});

test('plainMavenEnvironment removes the user’s Maven settings', () => {
  const env = { PATH: '/bin', MAVEN_OPTS: '-Xx', MAVEN_ARGS: '--nope', JAVA_HOME: '/nowhere', _JAVA_OPTIONS: '-Xx' };
  expect(plainMavenEnvironment(env)).toEqual({ PATH: '/bin', LC_ALL: 'C.UTF-8' });
});

describe('frameworkEnvironment', () => {
  test.each([
    ['NODE_OPTIONS', '--throw-deprecation'],
    ['NODE_PATH', '/nowhere'],
    ['NODE_PRESERVE_SYMLINKS', '1'],
    ['NODE_USE_ENV_PROXY', '1'],
    ['npm_config_ignore_scripts', 'true'],
    ['NPM_CONFIG_PREFIX', '/nowhere'],
    ['SLS_LOG_LEVEL', 'nonsense'],
    ['SLS_DEPRECATION_NOTIFICATION_MODE', 'error'],
    ['SERVERLESS_PLATFORM_STAGE', 'dev'],
    ['AWS_PROFILE', 'missing'],
    ['AWS_DEFAULT_PROFILE', 'missing'],
    ['AWS_REGION', 'moon-1'],
    ['HTTP_PROXY', 'localhost:1'],
    ['https_proxy', 'nonsense'],
    ['cafile', '/nowhere'],
  ])('removes %s, which configures other programs', (name, value) => {
    const home = folder();
    expect(frameworkEnvironment({ HOME: home, [name]: value }, join(home, 'x'))).toEqual({ HOME: home });
  });

  test('keeps the variables that the functions read', () => {
    const env = { HOME: folder(), KAFKA_BROKERS: 'a:1', LOG_LEVEL: 'debug', AWS_ACCESS_KEY_ID: 'k', TZ: 'UTC' };
    expect(frameworkEnvironment(env, '/x')).toEqual(env);
  });

  test('keeps the AWS profile with KAFKA_AUTH=iam', () => {
    const env = { HOME: folder(), KAFKA_AUTH: 'iam', AWS_PROFILE: 'work', AWS_REGION: 'eu-west-1' };
    expect(frameworkEnvironment(env, '/x')).toEqual(env);
  });

  const homes = {
    'not set': () => undefined,
    'a file': () => {
      const file = join(folder(), 'home');
      writeFileSync(file, '');
      return file;
    },
    'a link to nowhere': () => {
      const link = join(folder(), 'home');
      symlinkSync('/nowhere/at/all', link);
      return link;
    },
    missing: () => join(folder(), 'home'),
    // Not even root can write there.
    'read only': () => (process.platform === 'linux' ? '/proc' : '/dev/null'),
  };
  test.each(Object.entries(homes))('a HOME that is %s is replaced', (_what, home) => {
    const ours = join(folder(), 'home');
    const env = frameworkEnvironment({ HOME: home() }, ours);
    expect(env).toEqual({ HOME: ours, XDG_CACHE_HOME: join(ours, '.cache') });
    expect(isWritable(env.XDG_CACHE_HOME)).toBe(true);
  });
});

test('isWritable tests by writing, and leaves the folder unchanged', () => {
  const dir = folder();
  mkdirSync(join(dir, 'home'));
  expect([isWritable(join(dir, 'home')), isWritable(''), isWritable(join(dir, 'nope'))]).toEqual([true, false, false]);
});
