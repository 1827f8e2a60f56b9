import { flag, HOUR_MS, integer, section, text, texts, word, type ConfigSchema } from './schema-parts.ts';

/*
 * How brokers are reached. The parts are shared by everything that connects: they are the same objects wherever they stand,
 * which is how the documentation and the validator describe each of them once.
 */

const password = <const D>(title: string, description: string, more: D) => ({ ...text(title, description, more), writeOnly: true as const });

export const TLS = {
  title: 'TLS',
  description: 'true: TLS, with the certificate authorities that Node.js trusts. A mapping: TLS with files of your own, PEM.',
  type: ['boolean', 'object'],
  examples: [true, { ca: './ca.pem' }],
  properties: {
    ca: text('Certificate authorities', 'File of the certificates that sign those of the brokers.', { examples: ['./ca.pem'] }),
    cert: text('Client certificate', 'File of the certificate that the brokers ask for; goes with key.', { examples: ['./client.pem'] }),
    key: text('Client key', 'File of the private key of cert, not encrypted.', { examples: ['./client.key'] }),
    servername: text('Server name', 'Name that the certificate of a broker has to have, where it is not the one it is reached by.', { examples: ['kafka.example.org'] }),
    rejectUnauthorized: flag('Check certificates', 'false takes any certificate: for tests only.', { default: true, examples: [false] }),
  },
  additionalProperties: false as const,
};

const SASL = {
  ...section('SASL', 'How the process shows the brokers who it is.', {
    mechanism: word('Mechanism', 'As the brokers are set up.', ['plain', 'scram-sha-256', 'scram-sha-512'], { examples: ['scram-sha-512'] }),
    username: text('User', 'Name of the user.', { examples: ['millrace'] }),
    password: password('Password', 'Password of the user; best from the environment.', { examples: ['${KAFKA_PASSWORD}'] }),
  }),
  required: ['mechanism', 'username', 'password'],
  examples: [{ mechanism: 'scram-sha-512', username: 'millrace', password: '${KAFKA_PASSWORD}' }],
};

export const KAFKA_CONNECTION = {
  brokers: texts('Brokers', 'Addresses of some brokers, host:port; the others are found through them. A list, or a text with commas between them.', { examples: [['kafka-1:9092', 'kafka-2:9092'], '${KAFKA_BROKERS}'] }),
  clientId: text('Client id', 'Name of the process in the logs and quotas of the brokers.', { default: 'millrace', examples: ['billing'] }),
  tls: TLS,
  sasl: SASL,
  connectionTimeoutMs: integer('Connecting', 'Milliseconds after which a broker that does not answer is tried again.', 100, HOUR_MS, { default: 10_000, examples: [3000] }),
  requestTimeoutMs: integer('Requests', 'Milliseconds that an answer of a broker may take.', 1000, HOUR_MS, { default: 30_000, examples: [60_000] }),
} satisfies Readonly<Record<string, ConfigSchema>>;

const user = () => text('User', 'Name of the user. Left out: the default user.', { examples: ['millrace'] });
const redisPassword = () => password('Password', 'Password of the user; best from the environment.', { examples: ['${REDIS_PASSWORD}'] });

const SENTINELS = {
  ...section('Sentinel', 'Redis with Sentinel: the master is asked for, and asked for again after a failover.', {
    addresses: texts('Sentinels', 'Addresses of the sentinels, host:port. A list, or a text with commas between them.', { examples: [['sentinel-1:26379', 'sentinel-2:26379']] }),
    master: text('Master', 'Name under which the sentinels know the master.', { examples: ['mymaster'] }),
    username: user(),
    password: redisPassword(),
    sentinelPassword: password('Sentinel password', 'Password of the sentinels themselves.', { examples: ['${SENTINEL_PASSWORD}'] }),
    db: integer('Database', 'Number of the database. Left out: 0.', 0, 65_535, { examples: [1] }),
  }),
  required: ['addresses', 'master'],
  examples: [{ addresses: ['sentinel-1:26379', 'sentinel-2:26379'], master: 'mymaster' }],
};

const CLUSTER = {
  ...section('Cluster', 'Redis Cluster.', {
    addresses: texts('Nodes', 'Addresses of some nodes, host:port; the others are found through them. A list, or a text with commas between them.', { examples: [['redis-1:6379', 'redis-2:6379']] }),
    username: user(),
    password: redisPassword(),
  }),
  required: ['addresses'],
  examples: [{ addresses: ['redis-1:6379', 'redis-2:6379'] }],
};

export const REDIS_CONNECTION = {
  url: { ...text('URL', 'redis:// or rediss:// (TLS), host and port, and user, password and number of the database where they are needed: redis://user:password@host:6379/0.', { examples: ['redis://127.0.0.1:6379', '${REDIS_URL}'] }), writeOnly: true as const },
  sentinels: SENTINELS,
  cluster: CLUSTER,
  tls: TLS,
} satisfies Readonly<Record<string, ConfigSchema>>;

/** The ways to name a Redis; where none of them stands, it is the one of the key redis. */
export const REDIS_WAYS = ['url', 'sentinels', 'cluster'] as const;

export const REDIS = {
  ...section('Redis', 'The Redis of the schedules, and of every source, output, journal and de-duplication that names none of its own.', REDIS_CONNECTION),
  exactlyOne: REDIS_WAYS,
  examples: [{ url: 'redis://127.0.0.1:6379' }],
};
