/*
 * What scaling.mjs reckons with. Pairs are of events of 118 and of 1,000 bytes, as `node bench/scaling-inputs.mjs` and
 * `node bench/scaling-inputs.mjs --bytes 1000` printed them: Node 20.20.2, two cores with sender, server and broker on them and
 * other work besides, Kafka 4.1, Redis without an append-only file, two workers, Choice → Pass → Succeed.
 */
export const MEASURED = {
  smallBytes: 118,
  largeBytes: 1000,
  /** What a record of Kafka's has on the broker's disk beside the event: without key or headers; and a result, with its headers. */
  recordOverheadBytes: 10,
  resultOverheadBytes: 268,
  /** What Redis holds for an entry of a stream, and for a job, beside the event. */
  entryOverheadBytes: { redis: [25, 92], bullmq: [553, 553] },
};

/** Microseconds of processor for each event. */
export const COSTS = {
  kafka: { main: [0.43, 2.31], workers: [1.26, 3.47], produce: [0.65, 4.38], broker: [0.22, 1.33] },
  kafkaResults: { main: [5.64, 14.61], workers: [3.99, 12.83], produce: [0.65, 4.38], broker: [2.41, 5.77] },
  redis: { main: [1.75, 3.94], workers: [2.59, 7.05], append: [1.23, 2.7], shard: [1.93, 2.26] },
  bullmq: { main: [58.59, 54.9], workers: [15.74, 19.9], append: [20.83, 22.83], shard: [64.4, 58.49] },
  httpBulk: { main: [1.12, 2.57], workers: [2.25, 4.22] },
  httpAsync: { main: [53.67, 49.17], workers: [20.5, 24.33] },
  httpSync: { main: [41.33, 31.67], workers: [12.33, 15.83] },
};
