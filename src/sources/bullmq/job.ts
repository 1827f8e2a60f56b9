import type { JobJson } from 'bullmq';
import type { End } from '../../delivery/contract.ts';

/** A job that this process has taken, and holds the lock of. */
export interface HeldJob {
  readonly id: string;
  /** What the lock was taken with. */
  readonly token: string;
  /** Its hash in Redis, decoded; `data` is the JSON text, until it has been handed on. */
  readonly json: JobJson;
  readonly takenAtMs: number;
  /** When the lock was last taken or renewed, Unix milliseconds. */
  lockedAtMs: number;
  /** True once its progress says that the execution runs. */
  announced: boolean;
  /** True while it is being acknowledged or given back, which takes its lock away. */
  leaving: boolean;
  /** True once the lock went to somebody else, or the job was removed: nothing that happens here counts any more. */
  lost: boolean;
  /** How its execution ended; null until then. */
  end: End | null;
}

/** What the queue answers when it is asked for a job. */
export interface Answer {
  /** The next job; null: there is none to be had now. */
  readonly job: HeldJob | null;
  /** How long the queue's rate limit lets no job begin, milliseconds; 0: it does not. */
  readonly limitedMs: number;
  /** When the next delayed job is due, Unix milliseconds; 0: none is delayed. */
  readonly nextDueMs: number;
}

/** The job has no lock at all: it has expired, or the job is not active any more. */
export const isUnlocked = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === JOB_LOCK_NOT_EXIST;

const JOB_LOCK_NOT_EXIST = -2;

/** Why a job is not this process's any more, under the name that counts it; undefined: the error means something else. */
export function lossOf(error: unknown): 'removed_job' | 'lost_lock' | undefined {
  switch ((error as { code?: unknown } | null)?.code) {
    case -1: // JobNotExist
      return 'removed_job';
    case JOB_LOCK_NOT_EXIST:
    case -3: // JobNotInState
    case -6: // JobLockMismatch
      return 'lost_lock';
    default:
      return undefined;
  }
}
