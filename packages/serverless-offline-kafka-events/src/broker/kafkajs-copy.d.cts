/** The private copy of kafkajs that build.js makes: the same as the package, and internals that this package patches. */
// oxlint-disable-next-line typescript/consistent-type-imports
declare const copy: typeof import('kafkajs') & {
  readonly internals: Readonly<Record<'Fetch' | 'Batch', unknown>>;
};
export = copy;
