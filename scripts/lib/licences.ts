/** SPDX identifiers of the allowed, permissive licences. Read a licence before you add it. */
const ALLOWED = new Set(['MIT', 'Apache-2.0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0']);

/**
 * A sentence for each package whose licence is not allowed; an empty package list is a problem too. A licence that ends
 * with `*` was guessed by the checker and not declared, so it is not allowed either.
 */
export const licenceProblems = (
  packages: Readonly<Record<string, { licenses?: string | readonly string[] | undefined }>>,
): string[] => {
  const entries = Object.entries(packages);
  if (entries.length === 0) return ['no packages found: is everything installed?'];
  return entries.flatMap(([name, { licenses = [] }]) => {
    const given = [licenses].flat();
    if (given.length > 0 && given.every((licence) => ALLOWED.has(licence))) return [];
    return `${name}: the licence must be one of ${[...ALLOWED].join(', ')} (it is ${given.join(', ') || 'unknown'})`;
  });
};
