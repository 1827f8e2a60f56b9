/** The suites, in the order in which they run. `byName`: runs only when it is asked for. */
export const SUITES = {
  engine: { about: 'the engine on one thread against hand-written JavaScript and aws-local-stepfunctions', load: () => import('./engine.mjs') },
  jsonata: { about: 'compiled JSONata against the jsonata library', load: () => import('./jsonata.mjs') },
  pool: { about: 'dispatch and two worker threads against one piscina task per event', load: () => import('./pool.mjs') },
  journal: { about: 'durable starts against lmdb by itself', load: () => import('./journal.mjs') },
  startup: { about: 'from the start of the process to ready, against a bare node:http', load: () => import('./startup.mjs') },
  http: { about: 'starts over HTTP, single, synchronous and NDJSON, against a bare node:http echo', load: () => import('./http.mjs') },
  redis: { about: 'Redis streams against a bare XREADGROUP loop', load: () => import('./redis.mjs') },
  bullmq: { about: 'BullMQ queues against a bare Worker', load: () => import('./bullmq.mjs') },
  kafka: { about: 'Kafka topics against a bare kafkajs consumer', load: () => import('./kafka.mjs') },
  latency: { about: 'latency under open load, HTTP and Kafka, against a bare echo and a bare consumer', load: () => import('./latency.mjs') },
  scale: { about: 'one, two and four processes on one Kafka topic', load: () => import('./scale.mjs') },
  growth: { about: 'what an event costs as machines, payloads and states grow', load: () => import('./growth.mjs') },
  soak: { about: 'a lasting load from Kafka, Redis and HTTP, --minutes long: memory, files, lost events', byName: true, load: () => import('./soak.mjs') },
  peers: { about: 'the same workflow on other software, with what each guarantees', load: () => import('./peers.mjs') },
  memory: { about: '100,000 executions parked in a Wait', load: () => import('./memory.mjs') },
};
