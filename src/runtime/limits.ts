/** AWS's payload limit, bytes of UTF-8. */
export const DEFAULT_PAYLOAD_BYTES = 262_144;
/** Transitions before the clock is looked at; a synchronous execution of fewer never pays for the time. */
export const STEPS_BETWEEN_LOOKS = 2_000;
/** Units of Execution.spend between two looks at the clock. */
export const WORK_BETWEEN_LOOKS = 100_000;
/** The largest value of direct code; what it does with such values takes no longer than a slice. */
export const DIRECT_BYTES = 32_768;
/** The longest that one step may keep its thread busy; well below what makes the pool give its worker up. */
export const STEP_MS = 5_000;
/** The most that one step may make; what makes it is dropped with it. */
export const STEP_BYTES = 268_435_456;
/** How long executions may run on, each and those that have yielded together, without letting the thread have its turn. */
export const SLICE_MS = 20;
