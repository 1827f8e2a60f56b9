import { openKafka, startKafka } from './kafka.mjs';
import { kafkaAnswers, redisAnswers } from './probes.mjs';
import { openRedis, startRedis } from './redis.mjs';

/** The services: the variable that names one, its value for a port of 127.0.0.1, and how to ask, start and take up again. */
export const SERVICES = {
  kafka: {
    variable: 'KAFKA_BROKERS',
    at: (port) => `127.0.0.1:${port}`,
    answers: (value) => kafkaAnswers(brokerList(value)),
    start: startKafka,
    open: openKafka,
  },
  redis: {
    variable: 'REDIS_URL',
    at: (port) => `redis://127.0.0.1:${port}`,
    answers: redisAnswers,
    start: startRedis,
    open: openRedis,
  },
};

/** The brokers of KAFKA_BROKERS. */
export const brokerList = (value) => value.split(',').map((broker) => broker.trim()).filter((broker) => broker !== '');
