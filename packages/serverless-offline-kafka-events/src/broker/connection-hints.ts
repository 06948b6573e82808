/** What to do about a connection that fails, in the words of AWS's `LastProcessingResult` where it has some (K-73). */
const HINTS: readonly (readonly [cause: RegExp, hint: string])[] = [
  [
    /unable to verify|self[- ]signed|unable to get (local )?issuer/i,
    'Lambda failed to authenticate server: give its authority as SERVER_ROOT_CA_CERTIFICATE, or in NODE_EXTRA_CA_CERTS',
  ],
  [
    /does not match certificate's altnames/i,
    'Lambda failed to authenticate server: its certificate has other host names',
  ],
  [
    /alert (bad certificate|certificate required|unknown ca|handshake failure)/i,
    'Server failed to authenticate Lambda: give a certificate that it knows as CLIENT_CERTIFICATE_TLS_AUTH',
  ],
  [
    /no start line|bad decrypt|bad base64|key values mismatch|unsupported|interrupted or cancelled/i,
    'Provided certificate or private key is invalid',
  ],
  [
    /wrong version number|socket disconnected before secure TLS/i,
    'the listener does not seem to speak TLS: custom.kafkaEvents.tls false switches it off',
  ],
  [
    /Request is not valid given the current SASL state|mechanism.*(not supported|not enabled)/i,
    'the listener asks for another authentication, or for none',
  ],
  [
    /^(Connection error: )?Closed connection/i,
    'the broker closed the connection: it may ask for TLS or for authentication, see custom.kafkaEvents.secrets',
  ],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/, 'is Kafka running there? See custom.kafkaEvents.bootstrapServers'],
];

export const withHint = (reason: string): string => {
  const hint = HINTS.find(([cause]) => cause.test(reason))?.[1];
  return hint === undefined ? reason : `${hint} (${reason.trim()})`;
};
