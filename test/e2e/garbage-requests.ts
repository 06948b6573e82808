const HOST = 'Host: localhost\r\n';
const CLOSE = 'Connection: close\r\n';

const post =
  (headers: string, body: string | (() => string), type = 'application/json') =>
  () => {
    const text = typeof body === 'string' ? body : body();
    return [`POST /emoji HTTP/1.1\r\n${HOST}content-type: ${type}\r\n${headers}\r\n${text}`];
  };
/** A tap with an unusual content type. */
const tapAs = (type: string) => () => {
  const body = tap();
  return post(`Content-Length: ${Buffer.byteLength(body)}\r\n${CLOSE}`, body, type)();
};
const withCookie = (cookie: string) => get('/health', `Cookie: ${cookie}\r\n${CLOSE}`);
const get =
  (target: string, headers = CLOSE, version = 'HTTP/1.1') =>
  () => [`GET ${target} ${version}\r\n${HOST}${headers}\r\n`];
const remove = (target: string) => () => [`DELETE ${target} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`];
const tap = () => JSON.stringify({ user_id: 'u', emoji_type: '🔥', timestamp: new Date().toISOString() });

/** The status, or `closed` when the connection is closed without an answer. */
type Outcome = 200 | 400 | 404 | 'closed';

type Row = [
  what: string,
  pieces: () => (string | Buffer)[],
  outcome: Outcome,
  options?: { end?: boolean; enough?: RegExp; waitMs?: number },
];

/** Malformed requests and their answers. */
export const badRequests = (): Row[] => [
  ['a chunk size that is not a number', post('Transfer-Encoding: chunked\r\n', 'xyz\r\nabc\r\n0\r\n\r\n'), 400],
  ['a negative chunk size', post('Transfer-Encoding: chunked\r\n', '-1\r\nabc\r\n0\r\n\r\n'), 400],
  ['a chunk size with too many digits', post('Transfer-Encoding: chunked\r\n', `${'f'.repeat(20)}\r\na\r\n`), 400],
  [
    'Content-Length together with chunks',
    post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  ['a transfer encoding after `chunked`', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), 400],
  ['an unknown transfer encoding', post('Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n', '{}'), 400],
  ['two Content-Length headers', post('Content-Length: 5\r\nContent-Length: 2\r\n', '{}'), 400],
  ['a negative Content-Length', post('Content-Length: -5\r\n', '{}'), 400],
  ['a Content-Length with too many digits', post('Content-Length: 99999999999999999999\r\n', '{}'), 400],
  ['headers over 16 KiB', get('/health', `x: ${'a'.repeat(17 * 1024)}\r\n`), 400],
  ['a URL of a million characters', get(`/live?room_id=${'a'.repeat(1_000_000)}`), 400],
  ['a header with NUL', get('/health', 'x: a\0b\r\n'), 400],
  ['a folded header', get('/health', `x: a\r\n b\r\n${CLOSE}`), 400],
  ['lines without a carriage return', () => ['GET /health HTTP/1.1\nHost: localhost\n\n'], 400],
  ['no Host header', () => ['GET /health HTTP/1.1\r\n\r\n'], 400],
  ['an invalid Host header', () => [`GET /health HTTP/1.1\r\nHost: a b\r\n${CLOSE}\r\n`], 400],
  ['an unknown method', () => [`FROB /health HTTP/1.1\r\n${HOST}\r\n`], 400],
  ['an unknown HTTP version', get('/health', CLOSE, 'HTTP/9.9'), 400],
  ['HTTP/0.9', () => ['GET /health\r\n\r\n'], 200],
  ['an HTTP/2 preface', () => ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], 400],
  ['a TLS ClientHello', () => [Buffer.from(`16030100a5010000a10303${'00'.repeat(160)}`, 'hex')], 400],
  ['random bytes', () => [Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 251))], 400],
  ['NUL bytes', () => [Buffer.alloc(1000)], 400],
  ['CONNECT', () => [`CONNECT localhost:1 HTTP/1.1\r\n${HOST}\r\n`], 'closed'],
  ['TRACE', () => [`TRACE /health HTTP/1.1\r\n${HOST}${CLOSE}\r\n`], 404],
  ['the path of a file', get('/../../etc/passwd'), 404],
  ['a percent sign without digits', remove('/register/%zz'), 400],
  ['percent-encoded bytes that are not UTF-8', remove('/register/%ff'), 400],
  ['a percent-encoded NUL', remove('/register/%00'), 400],
  ['a query of `__proto__`', get('/live?__proto__=a&constructor=b'), 200],
  ['a cookie without a name', withCookie('=x; a b=c'), 200],
  ['a cookie of JSON', withCookie('a={"b":1}'), 200],
  ['a cookie with a comma', withCookie('x=a,b'), 200],
  ['a cookie of `__proto__`', withCookie('__proto__=1'), 200],
  ['a cookie with a comma, for an unknown path', get('/nothing', `Cookie: x=a,b\r\n${CLOSE}`), 404],
  ['a content type without a type', tapAs(';;;'), 200],
  ['two content types in one header', tapAs('application/json, application/json'), 200],
  ['a content type with two charsets', tapAs('application/json; charset=utf-8; charset=latin1'), 200],
  ['`multipart/form-data` without a boundary', tapAs('multipart/form-data'), 200],
  ['an empty content type', tapAs(''), 200],
  ['half a request line, then the end of the connection', () => ['POST /emoji HT'], 'closed', { end: true }],
  ['half a body, then the end of the connection', post('Content-Length: 5000\r\n', tap), 'closed', { end: true }],
  ['a tap in valid chunks', () => [...post(`Transfer-Encoding: chunked\r\n${CLOSE}`, '')(), ...inChunks()], 200],
];

const inChunks = () => {
  const body = tap();
  return [`${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`, '0\r\n\r\n'];
};
