import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../docs', `${name}.json`), 'utf8'));

interface Ref {
  $ref: string;
}

interface Content {
  content?: Record<string, { schema: object; examples: Record<string, { value: unknown }> }>;
}

interface AnswerObject extends Content {
  headers?: Record<string, Ref & { required?: boolean }>;
}

type OperationObject = { requestBody?: Content; responses: Record<string, AnswerObject | Ref> };

/** The committed documents. */
export const openApi = read('openapi') as { paths: Record<string, Record<string, OperationObject>> };
export const asyncApi = read('asyncapi') as object;

/** What a reference in a document points to. */
export const resolve = (document: object, { $ref }: Ref): unknown =>
  $ref
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);

const resolved = <T extends object>(value: T | Ref): T => ('$ref' in value ? (resolve(openApi, value) as T) : value);

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(openApi, 'openapi.json');

/** Why a value does not match a schema of the OpenAPI document. */
export const mismatches = (schema: object, value: unknown): string[] => {
  // References in the schema are relative to the document.
  const check = ajv.compile(
    JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi.json#/')) as Record<string, unknown>,
  );
  return check(value) ? [] : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

/** @param call such as `POST /emoji` */
export const operationOf = (call: string): OperationObject => {
  const [method = '', path = ''] = call.split(' ');
  const found = openApi.paths[path]?.[method.toLowerCase()];
  if (!found) throw new Error(`docs/openapi.json has no ${call}`);
  return found;
};

interface Answer {
  status: number;
  headers?: Record<string, unknown> | undefined;
  body: unknown;
}

/** Why an answer is not one that the OpenAPI document describes. Headers are compared if they are given. */
export const undocumented = (call: string, { status, headers, body }: Answer): string[] => {
  const found = operationOf(call).responses[status];
  if (!found) return [`${call}: no answer ${status}`];
  const answer = resolved(found);
  const [media] = Object.values(answer.content ?? {});
  const missing = Object.entries(answer.headers ?? {})
    .filter(([name, header]) => headers && resolved(header).required && !(name in headers))
    .map(([name]) => `${name} is missing`);
  return [...missing, ...mismatches(media?.schema ?? {}, body)].map((each) => `${call} ${status}: ${each}`);
};

/** Every example of a body in the OpenAPI document, with its schema. */
export const openApiExamples = () =>
  Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody, responses }]) =>
      [...Object.entries(responses), ['request', requestBody ?? {}] as const].flatMap(([name, part]) =>
        Object.values(resolved<Content>(part).content ?? {}).flatMap(({ schema, examples }) =>
          Object.entries(examples).map(([example, { value }]) => ({
            what: `${method} ${path}, ${name}, ${example}`,
            schema,
            value,
          })),
        ),
      ),
    ),
  );
