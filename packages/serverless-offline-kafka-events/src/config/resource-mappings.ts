import type { CloudFormationResource, Serverless } from '../serverless.ts';
import { functionId } from './properties.ts';

export interface ResourceMapping {
  readonly functionKey: string;
  readonly kind: 'msk' | 'kafka';
  readonly properties: Record<string, unknown>;
}

/**
 * Kafka mappings that are defined only in `resources`, as `AWS::Lambda::EventSourceMapping`.
 * @param known logical ids of the mappings that belong to events
 * @param warn is called for a mapping whose function is not in this service
 */
export const resourceMappings = (
  service: Serverless['service'],
  resources: Readonly<Record<string, CloudFormationResource>>,
  known: ReadonlySet<string>,
  warn: (line: string) => void,
): ResourceMapping[] =>
  Object.entries(resources).flatMap(([id, { Type, Properties: properties = {} }]) => {
    if (Type !== 'AWS::Lambda::EventSourceMapping' || known.has(id)) return [];
    const selfManaged = properties['SelfManagedEventSource'] !== undefined;
    // Only mappings for Kafka have topics, not those for SQS, Kinesis and others.
    if (!selfManaged && properties['Topics'] === undefined) return [];
    const functionKey = functionOf(service, properties['FunctionName']);
    if (functionKey === undefined) {
      const name = JSON.stringify(properties['FunctionName']);
      warn(`resources: ${id}: FunctionName is ${name}, not a function of this service; the mapping is ignored`);
      return [];
    }
    return [{ functionKey, kind: selfManaged ? ('kafka' as const) : ('msk' as const), properties }];
  });

/** Finds a function by its name or ARN, or by a `Ref`, `Fn::GetAtt` or `Fn::Sub` of `<Function>LambdaFunction`. */
const functionOf = (service: Serverless['service'], target: unknown): string | undefined => {
  const named = typeof target === 'string' ? target : referenceIn(target);
  if (named === undefined) return undefined;
  const name = /^arn:[^:]+:lambda:[^:]*:[^:]*:function:([^:]+)/.exec(named)?.[1] ?? named.split(':')[0];
  return service
    .getAllFunctions()
    .find((key) => name === service.getFunction(key).name || name === `${functionId(key)}LambdaFunction`);
};

const referenceIn = (target: unknown): string | undefined => {
  const [reference] = Object.values((target ?? {}) as Record<string, unknown>).flat();
  if (typeof reference !== 'string') return undefined;
  return /\$\{([^.}]+)/.exec(reference)?.[1] ?? reference.split('.')[0];
};
