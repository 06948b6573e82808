import { expect, test } from '@jest/globals';
import { findPython } from './schemathesis.ts';

test('without Python the error says what is needed', async () => {
  await expect(findPython({ PATH: '/nowhere' })).rejects.toThrow('Python 3.10 or newer with venv is needed');
});
