/**
 * Whether a function can see nothing but its first argument: then it has no callback and no context to answer by. In
 * doubt (rest parameters, defaults, `arguments`, bound functions) it might.
 * @param {Function} handler
 */
export const takesEventOnly = (handler) => {
  const source = Function.prototype.toString.call(handler);
  if (handler.length > 1 || /\barguments\b|\[native code\]/.test(source)) return false;
  const end = source.search(/\)\s*(=>|\{)|=>/);
  return end >= 0 && !/\.\.\.|=/.test(source.slice(0, end));
};
