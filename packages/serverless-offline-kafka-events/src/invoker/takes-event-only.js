/**
 * Whether a function can use only its first argument, so that it has no callback or context to respond through. False
 * if that is uncertain (rest parameters, defaults, `arguments`, bound functions).
 * @param {Function} handler
 */
export const takesEventOnly = (handler) => {
  const code = Function.prototype.toString.call(handler);
  if (handler.length > 1 || /\barguments\b|\[native code\]/.test(code)) return false;
  const parametersEnd = code.search(/\)\s*(=>|\{)|=>/);
  return parametersEnd >= 0 && !/\.\.\.|=/.test(code.slice(0, parametersEnd));
};
