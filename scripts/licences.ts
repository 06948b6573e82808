// `npm run licences`: the licences of what the functions are deployed with, against a list of those that MIT goes with.
import { init } from 'license-checker-rseidelsohn';
import { REPO } from '../infra/local/data-dir.ts';
import { licenceProblems } from './lib/licences.ts';

init({ start: REPO, production: true, excludePrivatePackages: true }, (error, packages) => {
  if (error) throw error;
  const problems = licenceProblems(packages);
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${Object.keys(packages).length} packages, all under licences of the list`);
  process.exitCode = problems.length === 0 ? 0 : 1;
});
