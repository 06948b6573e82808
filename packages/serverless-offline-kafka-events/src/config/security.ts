import type { Security } from '../broker/port.ts';
import type { MappingDefinition } from './definition.ts';
import { invalid } from './explain.ts';
import { findSecret } from './secrets.ts';
import type { Secret, Secrets } from './secrets.ts';

const MECHANISMS = {
  BASIC_AUTH: 'plain',
  SASL_SCRAM_256_AUTH: 'scram-sha-256',
  SASL_SCRAM_512_AUTH: 'scram-sha-512',
} as const;

export interface LocalSecurity {
  readonly secrets: Secrets;
  /** Default: TLS if a secret is used, as on AWS. */
  readonly tls?: boolean | undefined;
}

/**
 * The security settings for the local connection of a mapping. Without local secrets the access configuration of the
 * mapping is ignored, since most local brokers require no authentication.
 * @throws KafkaEventsError CONFIG_INVALID for a secret that is missing or lacks the fields that its type requires
 */
export const securityOf = (definition: MappingDefinition, { secrets, tls }: LocalSecurity): Security => {
  const { functionKey, kind, topic, properties } = definition;
  const where = `function ${functionKey}, ${kind} event of topic ${topic}`;
  let security: Security = {};
  if (Object.keys(secrets).length > 0) {
    for (const { Type: type, URI: uri } of properties.SourceAccessConfigurations) {
      if (type === 'VPC_SUBNET' || type === 'VPC_SECURITY_GROUP') continue;
      const secret = findSecret(secrets, uri);
      if (secret === undefined) {
        throw invalid(
          where,
          `secret of ${type}`,
          uri,
          `custom.kafkaEvents.secrets does not contain it, only ${Object.keys(secrets).join(', ')}`,
        );
      }
      const part = securityFrom(type, secret);
      if (part === undefined) {
        throw invalid(
          where,
          `secret of ${type}`,
          uri,
          `must be ${FORMS[type]}, not {${Object.keys(secret).join(', ')}}`,
        );
      }
      security = { ...security, ...part, tls: { ...security.tls, ...part.tls } };
    }
  }
  if (tls === false) return security.sasl === undefined ? {} : { sasl: security.sasl };
  return tls === true ? { ...security, tls: security.tls ?? {} } : security;
};

type SecretType = keyof typeof MECHANISMS | 'CLIENT_CERTIFICATE_TLS_AUTH' | 'SERVER_ROOT_CA_CERTIFICATE';

const CREDENTIALS = '{username, password}';
const FORMS: Record<SecretType, string> = {
  BASIC_AUTH: CREDENTIALS,
  SASL_SCRAM_256_AUTH: CREDENTIALS,
  SASL_SCRAM_512_AUTH: CREDENTIALS,
  CLIENT_CERTIFICATE_TLS_AUTH: '{certificate, privateKey, privateKeyPassword?}',
  SERVER_ROOT_CA_CERTIFICATE: '{certificate}',
};

const securityFrom = (type: SecretType, secret: Secret): Security | undefined => {
  if (type === 'SERVER_ROOT_CA_CERTIFICATE') {
    return 'certificate' in secret && !('privateKey' in secret) ? { tls: { ca: secret.certificate } } : undefined;
  }
  if (type === 'CLIENT_CERTIFICATE_TLS_AUTH') {
    if (!('privateKey' in secret)) return undefined;
    const { certificate: cert, privateKey: key, privateKeyPassword: passphrase } = secret;
    return { tls: { cert, key, ...(passphrase === undefined ? {} : { passphrase }) } };
  }
  if (!('username' in secret)) return undefined;
  return { sasl: { mechanism: MECHANISMS[type], username: secret.username, password: secret.password } };
};
