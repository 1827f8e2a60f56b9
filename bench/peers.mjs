import { Unavailable } from '../test/services/unavailable.mjs';

/** Other ways to do the same work, each with what it promises: one file of `peers/` for each. */
const PEERS = {
  'aws-local-stepfunctions': () => import('./peers/aws-local.mjs'),
  kafkajs: () => import('./peers/kafkajs.mjs'),
  '@platformatic/kafka': () => import('./peers/platformatic-kafka.mjs'),
  fastify: () => import('./peers/fastify.mjs'),
  BullMQ: () => import('./peers/bullmq.mjs'),
  Restate: () => import('./peers/restate.mjs'),
};

/** The Choice → Pass → Succeed workflow, beside what else one might use for it. A peer that cannot be had says so and is left out. */
export async function* run({ skip = () => {}, ...options } = {}) {
  for (const [name, load] of Object.entries(PEERS)) {
    try {
      const { run } = await load();
      yield* await run({ ...options, progress: (text) => options.progress?.(`${name}: ${text}`) });
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      skip(error.message, name);
    }
  }
}
