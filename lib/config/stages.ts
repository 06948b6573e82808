/**
 * Settings that a deployed stage must not have. Checked when the functions start, and by `serverless package` before a
 * deployment.
 */
export const LOCAL_STAGE = 'local';

/** Usual origins of development servers, the default of the local stage. */
export const LOCAL_ORIGINS = ['http://localhost:3000', 'http://localhost:5173', 'http://localhost:8080'];

/** Pairs of a variable and a sentence that says what it must be. */
export const stageProblems = ({
  STAGE,
  AUTH_MODE,
  AUTH_ALLOW_OPEN,
  CORS_ORIGINS,
}: Record<string, string | undefined>): [variable: string, sentence: string][] => {
  const stage = STAGE || LOCAL_STAGE;
  if (stage === LOCAL_STAGE) return [];
  const problems: [string, string][] = [];
  if ((AUTH_MODE || 'open') === 'open' && AUTH_ALLOW_OPEN !== 'true')
    problems.push([
      'AUTH_MODE',
      `AUTH_MODE must be jwt on stage ${stage}, or AUTH_ALLOW_OPEN must be true (it is open: anybody could tap and watch)`,
    ]);
  if (CORS_ORIGINS?.split(',').some((origin) => origin.trim() === '*'))
    problems.push(['CORS_ORIGINS', `CORS_ORIGINS must name its origins on stage ${stage} (it holds "*")`]);
  return problems;
};
