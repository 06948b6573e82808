import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { findChromium, launch } from './chromium.ts';
import { browserForTests, describeInBrowser } from './fixture.ts';

describeInBrowser('launch', () => {
  const browser = browserForTests();

  test('the browser renders a page and runs its scripts', async () => {
    const page = await browser().newPage();
    await page.setContent('<p>tap</p><script>document.querySelector("p").textContent += "!"</script>');
    expect(await page.textContent('p')).toBe('tap!');
  });

  test('close ends the browser with its connections', async () => {
    const connections: Promise<unknown>[] = [];
    const server = createServer((socket) => connections.push(once(socket.resume(), 'close')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const other = await launch(findChromium());
    const page = await other.newPage();
    const asked = once(server, 'connection');
    page.goto(`http://127.0.0.1:${(server.address() as { port: number }).port}`).catch(() => undefined);
    await asked;
    await other.close();
    await Promise.all(connections);
    expect(other.isConnected()).toBe(false);
    server.close();
  });
});
