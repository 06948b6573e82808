/** The private copy of kafkajs that build.js creates: the exports of kafkajs, and internals that are patched. */
// oxlint-disable-next-line typescript/consistent-type-imports
declare const copy: typeof import('kafkajs') & {
  readonly internals: Readonly<Record<'Fetch' | 'Batch', unknown>>;
};
export = copy;
