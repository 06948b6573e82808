import { SetupError } from '../infra/local/errors.ts';
import { loadConfig } from '../lib/config/variables.ts';
import { SCOPES, type Scope } from '../lib/domain/access.ts';
import { clientId, roomId } from '../lib/domain/reaction.ts';
import { type Io, positiveNumber, readArgs, runScript, UsageError } from './lib/cli.ts';
import { signToken } from './lib/token.ts';

const HELP = `npm run --silent token -- [options]     makes a token for development, signed with AUTH_SECRET

  --user ID       the token's sub: the user_id of taps and the beginning of client ids (dev)
  --scope LIST    tap, watch, admin, separated by commas; admin allows everything for all users (tap,watch)
  --room ROOM     an allowed room; match-* allows every room whose id begins with match-; may be repeated (*)
  --hours N       hours of validity (8)
  --help

The token goes to standard output, a description of it to standard error. AUTH_SECRET must be the platform's, and so must
AUTH_ISSUER and AUTH_AUDIENCE if the platform sets them. Example:

  export AUTH_SECRET=$(openssl rand -base64 32)
  AUTH_MODE=jwt npm start
  EMOJI_TOKEN=$(npm run --silent token -- --scope admin) npm run simulate

Exit code 1 without an AUTH_SECRET, 2 for wrong usage.`;

const YEAR_HOURS = 8760;

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const { values } = readArgs({
    args,
    options: {
      user: { ...text, default: 'dev' },
      scope: { ...text, default: 'tap,watch' },
      room: { ...text, multiple: true, default: ['*'] },
      hours: { ...text, default: '8' },
      help: { type: 'boolean' },
    },
  });
  return values;
}

function readScopes(list: string): Scope[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(SCOPES as readonly string[]).includes(name));
  if (unknown === undefined) return names as Scope[];
  throw new UsageError(`--scope should be tap, watch or admin, separated by commas, not "${unknown}".`);
}

function readRoom(text: string): string {
  if (roomId.safeParse(text).success && !text.slice(0, -1).includes('*')) return text;
  throw new UsageError(`--room should be a room id, or the beginning of room ids followed by *, not "${text}".`);
}

function readUser(text: string): string {
  if (clientId.safeParse(text).success) return text;
  throw new UsageError(`--user should be a user's id without white space and braces, not "${text}".`);
}

export async function main(args: string[], io: Io): Promise<number> {
  const values = readOptions(args);
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const claims = {
    user: readUser(values.user),
    scopes: readScopes(values.scope),
    rooms: values.room.map(readRoom),
    seconds: Math.round(positiveNumber('--hours', values.hours, YEAR_HOURS) * 3600),
  };
  const { AUTH_SECRET, AUTH_ISSUER, AUTH_AUDIENCE } = io.env;
  const config = loadConfig({ AUTH_SECRET, AUTH_ISSUER, AUTH_AUDIENCE });
  if (!config.AUTH_SECRET)
    throw new SetupError(
      'AUTH_SECRET must be set to the secret of the platform, for example one made with $(openssl rand -base64 32). A platform with AUTH_JWKS_URL or AUTH_JWKS accepts only tokens of its identity provider.',
    );
  io.print(await signToken({ ...config, AUTH_SECRET: config.AUTH_SECRET }, claims));
  io.printError(
    `for ${claims.user}, scope ${claims.scopes.join(' ')}, rooms ${claims.rooms.join(' ')}, until ${new Date(Date.now() + claims.seconds * 1000).toISOString()}`,
  );
  return 0;
}

await runScript(import.meta, 'token', main);
