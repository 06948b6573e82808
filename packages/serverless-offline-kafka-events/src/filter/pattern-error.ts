/** An invalid pattern. AWS reports it as "Invalid filter pattern definition". */
export class PatternError extends Error {}
