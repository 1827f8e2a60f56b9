import { KAFKA_CONNECTION, REDIS_CONNECTION, REDIS_WAYS } from './schema-connections.ts';
import { KAFKA_READING, REDIS_READING } from './schema-sources.ts';
import { GIB, integer, MIB, section, text } from './schema-parts.ts';

const maxBytes = () => integer('Journal bytes', 'Bytes of events that have not ended. At the limit a start is answered 429.', MIB, 1024 * GIB, { default: 4 * GIB, examples: [GIB] });

export const JOURNAL = {
  ...section(
    'Journal',
    'The durable memory of accepted starts: a start is answered 202 once it is in there. One key names the kind; left out: lmdb. In dataDir (lmdb) it is this process that runs the event; in a broker, any that has the same journal.',
    {
      maxBytes: maxBytes(),
      lmdb: { ...section('Embedded', 'In dataDir. What its maxBytes says may stand in journal itself.', { maxBytes: maxBytes() }), examples: [{ maxBytes: GIB }] },
      kafka: {
        ...section('Kafka', 'In a Kafka topic.', {
          ...KAFKA_CONNECTION,
          topic: text('Topic', 'The topic, which has to exist.', { default: 'millrace-journal', examples: ['starts'] }),
          groupId: text('Group', 'Consumer group of the processes that share the journal.', { default: 'millrace-journal', examples: ['starts'] }),
          ...KAFKA_READING,
        }),
        required: ['brokers'],
        examples: [{ brokers: ['127.0.0.1:9092'] }],
      },
      redis: {
        ...section('Redis', 'In a Redis stream. Redis has to be set up to keep what it has accepted: appendonly yes.', {
          ...REDIS_CONNECTION,
          stream: text('Stream', 'Key of the stream.', { default: 'millrace-journal', examples: ['starts'] }),
          group: text('Group', 'Consumer group of the processes that share the journal.', { default: 'millrace-journal', examples: ['starts'] }),
          ...REDIS_READING,
        }),
        atMostOne: REDIS_WAYS,
        examples: [{ url: 'redis://127.0.0.1:6379' }],
      },
    },
  ),
  atMostOne: ['maxBytes', 'lmdb', 'kafka', 'redis'],
  examples: [{ maxBytes: GIB }, { kafka: { brokers: ['127.0.0.1:9092'] } }],
};
