import { expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { clientAddressOf } from './client-address.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::9', '2001:db8:1:3::/64'],
  ['test-invoke-source-ip', 'test-invoke-source-ip'],
])('requests from %s are limited as %s', (sourceIp, address) => {
  const event = { requestContext: { http: { sourceIp } } } as Pick<APIGatewayProxyEventV2, 'requestContext'>;
  expect(clientAddressOf(event)).toBe(address);
});
