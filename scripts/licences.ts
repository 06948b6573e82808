// `npm run licences`: checks that the licences of the deployed dependencies are on a list of those compatible with MIT.
import { init } from 'license-checker-rseidelsohn';
import { REPO } from '../infra/local/data-dir.ts';
import { licenceProblems } from './lib/licences.ts';

init({ start: REPO, production: true, excludePrivatePackages: true }, (error, packages) => {
  if (error) throw error;
  const problems = licenceProblems(packages);
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${Object.keys(packages).length} packages, all with allowed licences`);
  process.exitCode = problems.length === 0 ? 0 : 1;
});
