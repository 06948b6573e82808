// The reader of docs/openapi.json: Swagger UI, whose calls go to the platform that serves the page.
import { loadConfig } from './config.ts';

declare const SwaggerUIBundle: (options: Record<string, unknown>) => void;

const document = (await (await fetch('openapi.json')).json()) as Record<string, unknown>;
const { url } = await loadConfig('../config.json');
SwaggerUIBundle({
  dom_id: '#api',
  spec: { ...document, servers: [{ url }] },
  validatorUrl: null, // otherwise it sends the document to a public validator
});
