import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FAULTS } from '../faults/plan.ts';
import { startFaultPlatform, type FaultPlatform } from '../faults/platform.ts';
import { runRound } from '../faults/round.ts';
import { seeded } from '../support/random.ts';

// The short form of `npm run test:faults`: a round each of faults that meet every hop, at moments that are always the
// same after the first counts. The long form has all of them, at other moments every time.

const SEED = 7;
let platform: FaultPlatform;

beforeAll(async () => {
  platform = await startFaultPlatform();
});
afterAll(() => platform?.stop());

test.each(['Redis failover that lost the last second', 'network to broker cut', 'functions’ process killed (kill -9)'])(
  '%s: every tap answered 200 counts once, and every client is told so',
  async (name) => {
    const n = FAULTS.findIndex((fault) => fault.name === name);
    const fault = FAULTS[n];
    if (!fault) throw new Error(`there is no fault "${name}"`);
    const result = await runRound(platform, fault, `short-${n}`, seeded(SEED + n));
    expect(result).toMatchObject({ lost: 0, doubled: 0, disagreeing: 0 });
    expect(result.answered).toBeGreaterThan(100);
  },
);
