import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

type Env = NodeJS.ProcessEnv;

const without = (env: Env, drop: (name: string) => boolean): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !drop(name)));

/** Options and a class path of the user's own programs; Java refuses to start when they contradict ours. */
const JAVA = new Set(['JDK_JAVA_OPTIONS', 'JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'CLASSPATH']);
const MAVEN = new Set(['JAVA_HOME', 'MAVEN_OPTS', 'MAVEN_ARGS', 'MAVEN_CONFIG', 'MAVEN_DEBUG_OPTS', 'M2_HOME']);

/** For Java programs of ours. Under a locale without UTF-8 Java can't open a file whose name is not ASCII. */
export const javaEnvironment = (env: Env = process.env): Env => ({
  ...without(env, (name) => JAVA.has(name)),
  LC_ALL: 'C.UTF-8',
});

/** For Maven, when it fails with what the user has set: that may be a proxy which it needs, so it is tried first. */
export const plainMavenEnvironment = (env: Env = process.env): Env =>
  without(javaEnvironment(env), (name) => MAVEN.has(name));

/**
 * What configures the framework, npm or Node.js beside the command line. Proxies are for calls to the outside, and the
 * framework makes none: it would refuse a value that is no URL.
 */
const FRAMEWORK =
  /^(SLS_|SERVERLESS_|npm_config_|NODE_(OPTIONS|PATH|DEBUG|V8_COVERAGE|PRESERVE_SYMLINKS|USE_ENV_PROXY)|TSX_|ESBUILD_|AWS_CLIENT_TIMEOUT$|(https?_|all_)?proxy$|(https_)?ca(file)?$)/i;
/** Credentials: a profile that is not there is refused by the framework, though it makes no call to AWS. */
const AWS = /^AWS_((DEFAULT_)?PROFILE|SDK_LOAD_CONFIG|CONFIG_FILE|SHARED_CREDENTIALS_FILE|(DEFAULT_)?REGION)$/;

/**
 * For the framework, and in it the functions.
 * @param home where to write when the user's home cannot be written
 */
export function frameworkEnvironment(env: Env, home: string): Env {
  const usesAws = env.KAFKA_AUTH === 'iam';
  const kept = without(env, (name) => FRAMEWORK.test(name) || (!usesAws && AWS.test(name)));
  return isWritable(env.HOME) ? kept : { ...kept, HOME: made(home), XDG_CACHE_HOME: made(join(home, '.cache')) };
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** By writing: root may write where the mode says no, and not even root may in a file system that is read only. */
export function isWritable(folder: string | undefined): folder is string {
  if (!folder) return false;
  try {
    rmdirSync(mkdtempSync(join(folder, '.emoji-streaming-')));
    return true;
  } catch {
    return false;
  }
}
