const { default: Sequencer } = require('@jest/test-sequencer');

/** Starts the tests that take longest first, so that none is left to run alone; jest only knows times of earlier runs. */
const SLOWEST = ['start-at-once', 'offline', 'crash-points', 'rebuild-lost', 'count-taps.model', 'scripts-wiring'];

module.exports = class SlowFirst extends Sequencer {
  /** @override @param {Parameters<InstanceType<typeof Sequencer>['sort']>[0]} tests */
  async sort(tests) {
    /** @param {{ path: string }} test */
    const rank = ({ path }) => {
      const at = SLOWEST.findIndex((name) => path.endsWith(`/${name}.test.ts`));
      return at < 0 ? SLOWEST.length : at;
    };
    return [...(await super.sort(tests))].sort((a, b) => rank(a) - rank(b));
  }
};
