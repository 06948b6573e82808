/** CORS settings of the HTTP API: API Gateway applies them on AWS, serverless-offline locally, and the server by itself. */
export const CORS = {
  allowedMethods: ['GET', 'POST', 'DELETE'],
  allowedHeaders: ['authorization', 'content-type'],
  exposedResponseHeaders: [
    'x-request-id',
    'www-authenticate',
    'retry-after',
    'ratelimit',
    'ratelimit-policy',
    'ratelimit-limit',
    'ratelimit-remaining',
    'ratelimit-reset',
  ],
  maxAge: 600,
};
