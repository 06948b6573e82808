import { isObject, scalarOf } from './json.ts';
import type { Json } from './json.ts';
import type { Conjunction, Leaf } from './pattern.ts';

interface Node {
  readonly leaf?: Leaf;
  readonly children: Map<string, Node>;
}

/**
 * Compiles a conjunction to a function of parsed JSON. An array matches if one of its elements does, at every level.
 * Fields below the same array must match in the same element; `exists: false` requires that no element has the field.
 */
export const matcher = (conjunction: Conjunction, keepNumberText: boolean): ((value: Json) => boolean) => {
  const root: Node = { children: new Map() };
  for (const leaf of conjunction.values()) add(root, leaf);
  const read = keepNumberText ? scalarOf : (value: Json): Json => value;

  const matchesNode = (node: Node, value: Json | undefined, whole: Json): boolean =>
    (node.leaf === undefined || matchesLeaf(node.leaf, value, whole)) &&
    (node.children.size === 0 || matchesChildren(node, value, whole));

  const matchesChildren = (node: Node, value: Json | undefined, whole: Json): boolean => {
    return someElement(value, (element) => {
      const fields = isObject(element) ? element : {};
      for (const [key, child] of node.children) {
        if (!matchesNode(child, Object.hasOwn(fields, key) ? fields[key] : undefined, whole)) return false;
      }
      return true;
    });
  };

  const matchesLeaf = ({ path, tests, present, absent }: Leaf, value: Json | undefined, whole: Json): boolean =>
    anyScalar(value, (scalar) => present || tests.some((test) => test(read(scalar)))) || (absent && !has(whole, path));

  return (value) => matchesNode(root, value, value);
};

const add = (root: Node, leaf: Leaf): void => {
  let node = root;
  for (const key of leaf.path.slice(0, -1)) node = child(node, key);
  const last = leaf.path[leaf.path.length - 1] ?? '';
  node.children.set(last, { children: node.children.get(last)?.children ?? new Map<string, Node>(), leaf });
};

const child = (node: Node, key: string): Node => {
  const found = node.children.get(key) ?? { children: new Map<string, Node>() };
  node.children.set(key, found);
  return found;
};

/**
 * Whether `test` accepts a value or, if it is a non-empty array, one of its elements, including those of nested arrays.
 * Not recursive, because the arrays of a record may be nested more deeply than the stack allows.
 */
const someElement = (value: Json | undefined, test: (element: Json | undefined) => boolean): boolean => {
  if (!Array.isArray(value) || value.length === 0) return test(value);
  const open = [value[Symbol.iterator]()];
  for (let list = open.at(-1); list !== undefined; list = open.at(-1)) {
    const { done, value: each } = list.next();
    if (done) open.pop();
    else if (Array.isArray(each) && each.length > 0) open.push(each[Symbol.iterator]());
    else if (test(each)) return true;
  }
  return false;
};

const anyScalar = (value: Json | undefined, test: (scalar: Json) => boolean): boolean =>
  someElement(value, (each) => each !== undefined && !isObject(each) && !Array.isArray(each) && test(each));

/** Whether there is a scalar at this path, in any element of the arrays on the path. */
const has = (value: Json | undefined, path: readonly string[]): boolean => {
  if (path.length === 0) return anyScalar(value, () => true);
  const [key = '', ...rest] = path;
  return someElement(value, (each) => isObject(each) && Object.hasOwn(each, key) && has(each[key], rest));
};
