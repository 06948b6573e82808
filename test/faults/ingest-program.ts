// A second ingest host, which may have another clock: answers POST /emoji by the function, and sends its port to its parent.
import { httpEvent } from '../support/events.ts';
import { serveHttp } from '../support/http-server.ts';
import { handler } from '../../functions/ingest.ts';

const { url } = await serveHttp(async ({ body }) => {
  const { statusCode = 500, body: answer = '{}' } = await handler(httpEvent({ body }));
  return { status: statusCode, body: JSON.parse(answer) as unknown };
});
process.on('disconnect', () => process.exit());
process.send?.(url);
