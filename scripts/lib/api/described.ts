import { z } from 'zod';

type Texts<T extends z.ZodObject> = { [K in keyof T['shape']]: string | { description: string; examples: unknown[] } };

/** An object schema with a description of each of its fields, none of which can be left out. */
export const described = <T extends z.ZodObject>(schema: T, texts: Texts<T>): T =>
  schema.extend(
    Object.fromEntries(
      Object.entries<Texts<T>[string]>(texts).map(([field, text]) => [
        field,
        (schema.shape[field] as z.ZodType).meta(typeof text === 'string' ? { description: text } : text),
      ]),
    ),
  ) as unknown as T;

/** What of a generated JSON Schema is rewritten for other languages. */
interface Generated {
  examples?: unknown[];
  format?: string | undefined;
  pattern?: string | undefined;
  allOf?: { pattern?: string | undefined }[] | undefined;
}

interface Conversion {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: unknown;
}

/**
 * Replaces patterns that the regular expressions of many languages can't express, or that only repeat a format. The
 * published schema then accepts more than the platform: invisible characters in an identifier.
 */
export const portable = ({ zodSchema, jsonSchema }: Conversion): void => {
  const schema = jsonSchema as Generated;
  // Removed by zod from a schema with a transformation, because they could be of its output.
  const { examples } = (z.globalRegistry.get(zodSchema) ?? {}) as { examples?: unknown[] };
  if (examples) schema.examples = examples;
  if (schema.format === 'date-time') delete schema.pattern;
  if (schema.allOf?.some(({ pattern }) => pattern?.includes(String.raw`\p{`))) {
    delete schema.allOf;
    schema.pattern = String.raw`^[^\s{}]*$`;
  }
};
