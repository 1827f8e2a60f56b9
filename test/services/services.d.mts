import type { ProcessIdentity } from './pids.mjs';
import type { ServerRecord } from './server-process.mjs';

export type ServiceName = 'kafka' | 'redis';
export type Note = (message: string) => void;

export interface ServiceRecord {
  readonly origin: 'environment' | 'compose' | 'local';
  /** What the service's environment variable would say. */
  readonly value: string;
  readonly server?: ServerRecord;
}

export interface UnavailableService {
  readonly service: ServiceName;
  readonly why: string;
  readonly how: string;
  readonly message: string;
}

export interface BroughtUp {
  readonly up: Partial<Record<ServiceName, ServiceRecord>>;
  readonly unavailable: readonly UnavailableService[];
}

export interface Surveyed extends Partial<ServiceRecord> {
  readonly name: ServiceName;
  readonly answers: boolean;
}

export function bringUp(names: readonly ServiceName[], options?: { holder?: ProcessIdentity; note?: Note }): Promise<BroughtUp>;
export function release(holder: ProcessIdentity, note?: Note): Promise<void>;
export function takeDown(names: readonly ServiceName[], options?: { force?: boolean; note?: Note }): Promise<readonly ProcessIdentity[]>;
export function control(name: ServiceName, verb: 'stop' | 'start' | 'restart' | 'kill', note?: Note): Promise<void>;
export function survey(names: readonly ServiceName[]): Promise<readonly Surveyed[]>;
