/* What the pacing producer and those who read its events agree on. */

/** Between two batches. */
export const TICK_MS = 5;

export const perTick = (rate) => Math.max(1, Math.round((rate * TICK_MS) / 1000));

/** Milliseconds of the clock that all processes of this machine share. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

/** An event of 118 bytes. */
export function eventAt(i, at) {
  const event = `{"device":"sensor-${String(i % 9973).padStart(5, '0')}","temperature":${10 + (i % 40)},"humidity":${40 + (i % 50)},"at":${at.toFixed(3)},"note":"`;
  return `${event}${'x'.repeat(Math.max(0, 116 - event.length))}"}`;
}

/** When the event at an offset of a partition was meant to be produced: batches go to one partition after the other. */
export const intendedAt = ({ begin, rate, partitions }, partition, offset) => begin + (Math.floor(offset / perTick(rate)) * partitions + partition) * TICK_MS;

/** The first offset of a partition that was produced after so many milliseconds. */
export const offsetAfter = ({ rate, partitions }, ms) => Math.ceil(ms / TICK_MS / partitions) * perTick(rate);
