import type { z } from 'zod';
import { variables } from '../../lib/config/variables.ts';

const defaultOf = (variable: z.ZodType): string => {
  const { data } = variable.safeParse(undefined);
  if (data === undefined || (Array.isArray(data) && data.length === 0)) return '';
  return `\`${String(data)}\``;
};

/** The configuration as a Markdown table, generated from its schema. */
export const configTable = (): string => {
  const rows = Object.entries(variables).map(([name, variable]) => {
    const { expects, description } = variable.meta() as { expects: string; description: string };
    return `| \`${name}\` | ${expects} | ${defaultOf(variable)} | ${description} |`;
  });
  return ['| variable | what it must be | default | what it is for |', '| --- | --- | --- | --- |', ...rows].join('\n');
};
