import type { FunctionDefinition, Serverless } from '../src/serverless.ts';

/** The service object that the framework gives to plugins, for these functions and resources. */
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
