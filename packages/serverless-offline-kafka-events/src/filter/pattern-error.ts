/** What is wrong with a pattern; AWS calls it «Invalid filter pattern definition». */
export class PatternError extends Error {}
