/**
 * Replaces the content between `<!-- name -->` and `<!-- /name -->`.
 * @throws Error when the text has no such section.
 */
export const section = (text: string, name: string, content: string): string => {
  const [before, rest] = text.split(`<!-- ${name} -->`);
  const after = rest?.split(`<!-- /${name} -->`)[1];
  if (before === undefined || after === undefined) throw new Error(`there is no section "${name}"`);
  return `${before}<!-- ${name} -->\n\n${content}\n\n<!-- /${name} -->${after}`;
};
