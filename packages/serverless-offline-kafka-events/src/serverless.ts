/** The part of the framework's API (osls, Serverless 3 and Serverless 4) that this plugin uses. */
export interface Serverless {
  readonly config: { readonly servicePath?: string };
  readonly serviceDir?: string;
  readonly pluginManager?: { readonly hooks: Record<string, { readonly pluginName: string; hook: () => unknown }[]> };
  readonly service: {
    readonly service: string;
    readonly provider: {
      readonly stage?: string;
      readonly region?: string;
      readonly timeout?: number;
      readonly runtime?: string;
    };
    readonly package?: { readonly artifact?: string };
    readonly custom?: Record<string, unknown>;
    readonly resources?: {
      readonly Resources?: Record<string, CloudFormationResource>;
      readonly extensions?: Record<string, CloudFormationResource>;
    };
    getAllFunctions(): string[];
    getFunction: (key: string) => FunctionDefinition;
  };
}

export interface CloudFormationResource {
  readonly Type?: string;
  readonly Properties?: Record<string, unknown>;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly handler?: string;
  readonly timeout?: number;
  readonly runtime?: string;
  readonly package?: { readonly artifact?: string };
  readonly events?: readonly Record<string, unknown>[];
}

export interface ServerlessUtils {
  readonly log: {
    notice(line: string): void;
    warning(line: string): void;
    error(line: string): void;
    debug(line: string): void;
  };
}
