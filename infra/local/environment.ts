import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

type Env = NodeJS.ProcessEnv;

const without = (env: Env, drop: (name: string) => boolean): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !drop(name)));

/** The user's Java options and class path. Java does not start when they conflict with ours. */
const JAVA = new Set(['JDK_JAVA_OPTIONS', 'JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'CLASSPATH']);
const MAVEN = new Set(['JAVA_HOME', 'MAVEN_OPTS', 'MAVEN_ARGS', 'MAVEN_CONFIG', 'MAVEN_DEBUG_OPTS', 'M2_HOME']);

/** The environment of our Java programs. Without a UTF-8 locale Java can't open files with non-ASCII names. */
export const javaEnvironment = (env: Env = process.env): Env => ({
  ...without(env, (name) => JAVA.has(name)),
  LC_ALL: 'C.UTF-8',
});

/** For Maven, when it fails with the user's settings. These are tried first, as they may hold a required proxy. */
export const plainMavenEnvironment = (env: Env = process.env): Env =>
  without(javaEnvironment(env), (name) => MAVEN.has(name));

/**
 * Variables that configure the framework, npm or Node.js, which are configured on the command line instead. The
 * framework makes no external calls, and would fail for an invalid proxy URL.
 */
const FRAMEWORK =
  /^(SLS_|SERVERLESS_|npm_config_|NODE_(OPTIONS|PATH|DEBUG|V8_COVERAGE|PRESERVE_SYMLINKS|USE_ENV_PROXY)|TSX_|ESBUILD_|AWS_CLIENT_TIMEOUT$|(https?_|all_)?proxy$|(https_)?ca(file)?$)/i;
/** AWS profiles: the framework fails for a missing profile, although it makes no call to AWS. */
const AWS = /^AWS_((DEFAULT_)?PROFILE|SDK_LOAD_CONFIG|CONFIG_FILE|SHARED_CREDENTIALS_FILE|(DEFAULT_)?REGION)$/;

/**
 * The environment of the framework and the functions in it.
 * @param home replaces the user's home if that is not writable
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

/** Tests by writing, because neither file modes (root) nor the user (read-only file systems) decide alone. */
export function isWritable(folder: string | undefined): folder is string {
  if (!folder) return false;
  try {
    rmdirSync(mkdtempSync(join(folder, '.emoji-streaming-')));
    return true;
  } catch {
    return false;
  }
}
