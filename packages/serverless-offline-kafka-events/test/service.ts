import type { FunctionDefinition, Serverless } from '../src/serverless.ts';

/** What the framework hands to a plugin, for functions and resources as serverless.yml says them. */
export const service = (
  functions: Record<string, Partial<FunctionDefinition>>,
  rest: Partial<Pick<Serverless['service'], 'resources' | 'custom' | 'provider'>> = {},
): Serverless['service'] => ({
  service: 'shop',
  provider: {},
  ...rest,
  getAllFunctions: () => Object.keys(functions),
  getFunction: (key) => ({ name: `shop-dev-${key}`, ...functions[key] }),
});
