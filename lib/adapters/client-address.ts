import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import ipaddr from 'ipaddr.js';

/**
 * The client address of a request, for limits: an IPv4 address, or the /64 network of an IPv6 address, because a client
 * with one of its addresses usually has all of them.
 */
export const clientAddressOf = ({ requestContext }: Pick<APIGatewayProxyEventV2, 'requestContext'>): string =>
  addressOf(requestContext.http.sourceIp);

export const addressOf = (sourceIp: string): string => {
  if (!ipaddr.isValid(sourceIp)) return sourceIp;
  const address = ipaddr.process(sourceIp);
  if (address.kind() === 'ipv4') return address.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/64`).toString()}/64`;
};
