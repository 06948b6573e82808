import type { CloudFormationResource, Serverless } from '../serverless.ts';
import { functionId } from './properties.ts';

export interface RawMapping {
  readonly functionKey: string;
  readonly kind: 'msk' | 'kafka';
  readonly properties: Record<string, unknown>;
}

/**
 * Kafka mappings that exist only as `AWS::Lambda::EventSourceMapping` in `resources`, those of `known` left out.
 * @param warn told of a mapping whose function is none of this service
 */
export const rawMappings = (
  service: Serverless['service'],
  resources: Readonly<Record<string, CloudFormationResource>>,
  known: ReadonlySet<string>,
  warn: (line: string) => void,
): RawMapping[] =>
  Object.entries(resources).flatMap(([id, { Type, Properties: properties = {} }]) => {
    if (Type !== 'AWS::Lambda::EventSourceMapping' || known.has(id)) return [];
    const selfManaged = properties['SelfManagedEventSource'] !== undefined;
    // Only Kafka's mappings have topics; SQS, Kinesis and the others are not ours.
    if (!selfManaged && properties['Topics'] === undefined) return [];
    const functionKey = functionOf(service, properties['FunctionName']);
    if (functionKey === undefined) {
      warn(
        `resources: ${id}: FunctionName is ${JSON.stringify(properties['FunctionName'])}: no function of this service`,
      );
      return [];
    }
    return [{ functionKey, kind: selfManaged ? ('kafka' as const) : ('msk' as const), properties }];
  });

/** By name, ARN, `Ref`, `Fn::GetAtt` or `Fn::Sub` of `<Function>LambdaFunction`. */
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
