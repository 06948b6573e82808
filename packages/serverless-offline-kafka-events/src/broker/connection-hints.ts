/** Advice for failed connections. It starts with AWS's message in `LastProcessingResult`, if there is one (K-73). */
const HINTS: readonly (readonly [cause: RegExp, hint: string])[] = [
  [
    /unable to verify|self[- ]signed|unable to get (local )?issuer/i,
    'Lambda failed to authenticate server: configure its CA as SERVER_ROOT_CA_CERTIFICATE, or in NODE_EXTRA_CA_CERTS',
  ],
  [
    /does not match certificate's altnames/i,
    'Lambda failed to authenticate server: its certificate was issued for other host names',
  ],
  [
    /alert (bad certificate|certificate required|unknown ca|handshake failure)/i,
    'Server failed to authenticate Lambda: configure a client certificate as CLIENT_CERTIFICATE_TLS_AUTH',
  ],
  [
    /no start line|bad decrypt|bad base64|key values mismatch|unsupported|interrupted or cancelled/i,
    'Provided certificate or private key is invalid',
  ],
  [
    /wrong version number|socket disconnected before secure TLS/i,
    'the listener does not seem to use TLS: set custom.kafkaEvents.tls to false',
  ],
  [
    /Request is not valid given the current SASL state|mechanism.*(not supported|not enabled)/i,
    'the listener requires another authentication method, or none',
  ],
  [
    /^(Connection error: )?Closed connection/i,
    'the broker closed the connection: it may require TLS or authentication, see custom.kafkaEvents.secrets',
  ],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/, 'is Kafka running there? See custom.kafkaEvents.bootstrapServers'],
];

export const withHint = (reason: string): string => {
  const hint = HINTS.find(([cause]) => cause.test(reason))?.[1];
  return hint === undefined ? reason : `${hint} (${reason.trim()})`;
};
