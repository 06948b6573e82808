import { readFileSync } from 'node:fs';
import { test } from '@jest/globals';
import { describeInBrowser } from './fixture.ts';
import { pagesForTests } from './pages.ts';

const { paths } = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, object>;
};

describeInBrowser('the reader of the API', () => {
  const { open } = pagesForTests();

  test('shows every operation, and calls this platform', async () => {
    const { page } = await open('/docs');
    for (const [path, methods] of Object.entries(paths))
      for (const method of Object.keys(methods))
        await page.locator(`.opblock-${method} [data-path="${path}"]`).first().waitFor();
    const health = page.locator('.opblock', { has: page.locator('[data-path="/health"]') });
    await health.locator('.opblock-summary-control').click();
    await health.getByRole('button', { name: 'Try it out' }).click();
    await health.getByRole('button', { name: 'Execute' }).click();
    await health.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
  });
});
