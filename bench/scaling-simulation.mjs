/*
 * A group of pods that read the partitions of a topic, and what becomes of the backlog when one of them is lost. Time goes in
 * steps. In each, every partition gets as many events as a Poisson process brings, and every pod works off its partitions in
 * turn, as many events as it can. A pod that is lost does nothing from then on; its partitions lie still until the group has
 * noticed and shared them out, and what it had read and not committed is read again.
 */

/** The same numbers for the same seed: mulberry32. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many events in a step: Poisson, by the normal distribution where the mean is large. */
function poisson(mean, random) {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let count = 0;
  for (let product = random(); product > Math.exp(-mean); product *= random()) count += 1;
  return count;
}

/** Partition p is read by pod `owners[p]`: as evenly as it goes. */
const share = (partitions, pods) => Array.from({ length: partitions }, (_, partition) => pods[partition % pods.length]);

/**
 * @param {object} inputs
 * @param {number} inputs.rate events a second, all partitions together
 * @param {number} inputs.partitions
 * @param {number} inputs.pods
 * @param {number} inputs.podRate events a second that one pod works off when it has nothing else to wait for
 * @param {number} inputs.lostAt seconds after which one pod is lost; Infinity: none is
 * @param {number} inputs.noticedAfter seconds until the group knows: the session time-out after a crash, next to none after SIGTERM
 * @param {number} inputs.rebalance seconds in which the group is formed anew and nothing of the moved partitions is read
 * @param {number} inputs.uncommitted seconds of work that the lost pod had done and not committed
 * @param {number} inputs.replacedAfter seconds after the loss until another pod has joined; Infinity: none does
 * @param {number} inputs.seconds how long it goes on
 * @param {number} [inputs.step] seconds
 * @param {number} [inputs.seed]
 */
export function simulate({ rate, partitions, pods, podRate, lostAt, noticedAfter, rebalance, uncommitted, replacedAfter, seconds, step = 0.05, seed = 1 }) {
  const random = createRandom(seed);
  const all = Array.from({ length: pods }, (_, pod) => pod);
  const left = all.slice(0, -1);
  const lost = pods - 1;
  const before = share(partitions, all);
  const lag = new Float64Array(partitions);
  const totals = { arrived: 0, done: 0, repeated: 0 };
  const series = [];
  let peakLag = 0;
  let peakPartitionLag = 0;
  let settledAt = 0;
  for (let tick = 0; tick * step < seconds; tick++) {
    // Whole steps are compared: sums of fractions come out a little beside whole numbers.
    const now = Math.round(tick * step * 1e6) / 1e6;
    for (let partition = 0; partition < partitions; partition++) {
      const count = poisson((rate / partitions) * step, random);
      lag[partition] += count;
      totals.arrived += count;
    }
    if (tick === Math.round(lostAt / step)) {
      for (let partition = 0; partition < partitions; partition++) {
        if (before[partition] !== lost) continue;
        const again = (rate / partitions) * uncommitted;
        lag[partition] += again;
        totals.repeated += again;
      }
    }
    const shared = now >= lostAt + noticedAfter + rebalance;
    const replaced = now >= lostAt + Math.max(replacedAfter, noticedAfter) + rebalance;
    const working = now < lostAt || replaced ? all : left;
    // Until the group is formed anew each pod keeps what it has; those of the lost pod are nobody's.
    const owners = now < lostAt || !shared || replaced ? before : moved(before, lost, left);
    for (const pod of working) totals.done += workOff(lag, owners, pod, podRate * step);
    const whole = lag.reduce((sum, one) => sum + one, 0);
    const worst = Math.max(...lag);
    if (whole > peakLag) peakLag = whole;
    if (worst > peakPartitionLag) peakPartitionLag = worst;
    // As long as there is more than a tenth of a second's worth, it is not over.
    if (now >= lostAt && worst > (rate / partitions) * 0.1 + 3 * Math.sqrt(rate / partitions)) settledAt = now + step;
    if (tick % Math.round(1 / step) === 0) series.push(Math.round(whole));
  }
  const rest = lag.reduce((sum, one) => sum + one, 0);
  return {
    ...totals,
    lag: rest,
    peakLag,
    /** Seconds that the last event of the partition that waits the longest would wait at its own rate. */
    worstDelay: peakPartitionLag / (rate / partitions),
    /** Seconds from the loss until every partition is as before; Infinity when it does not come to that. */
    recovery: settledAt === 0 ? 0 : settledAt >= seconds ? Infinity : settledAt - lostAt,
    series,
  };
}

/** The lost pod's partitions go round the others; what they have stays where it is. */
function moved(before, lost, left) {
  let turn = 0;
  return before.map((owner) => (owner === lost ? left[turn++ % left.length] : owner));
}

/** A pod takes from its partitions in equal parts; what one leaves, the others may have. */
function workOff(lag, owners, pod, most) {
  let budget = most;
  let open = [];
  for (let partition = 0; partition < lag.length; partition++) if (owners[partition] === pod && lag[partition] > 0) open.push(partition);
  while (budget > 1e-9 && open.length > 0) {
    const each = budget / open.length;
    const still = [];
    for (const partition of open) {
      const taken = Math.min(each, lag[partition]);
      lag[partition] -= taken;
      budget -= taken;
      if (lag[partition] > 1e-9) still.push(partition);
    }
    open = still;
  }
  return most - budget;
}
