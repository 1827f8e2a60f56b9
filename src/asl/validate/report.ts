import type { Diagnostic } from '../../errors.ts';

/** A place in a definition: as RFC 6901 pointer, and as AWS writes it (names as they are, indexes in brackets). */
export interface Place {
  readonly pointer: string;
  readonly location: string;
}

export const ROOT: Place = { pointer: '', location: '' };

export const member = (place: Place, key: string): Place => ({
  pointer: `${place.pointer}/${key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key}`,
  location: `${place.location}/${key}`,
});

export const item = (place: Place, index: number): Place => ({
  pointer: `${place.pointer}/${String(index)}`,
  location: `${place.location}[${String(index)}]`,
});

/** A diagnostic of a definition; `location` is what AWS answers, null where AWS names no place. */
export interface DefinitionDiagnostic extends Diagnostic {
  readonly location?: string | null;
}

export interface FaultDetails {
  /** Where AWS sees the fault, when that is not where a person has to look. Null: AWS names no place. */
  readonly seenAt?: Place | null | undefined;
  readonly hint?: string | undefined;
  /** Point at the name of the member, not at its value. */
  readonly atKey?: boolean;
  readonly severity?: 'ERROR' | 'WARNING';
}

interface Entry {
  readonly diagnostic: DefinitionDiagnostic;
  readonly atKey: boolean;
}

/** Collects diagnostics. Nothing is thrown: checks go on, so that all faults are reported at once. */
export interface Report {
  add(code: string, message: string, place: Place, details?: FaultDetails): void;
  /** A fault of structure, code SCHEMA_VALIDATION_FAILED. */
  schema(message: string, place: Place, details?: FaultDetails): void;
  readonly entries: readonly Entry[];
  /** True once no more are listed; checks need not find words for what nobody will read. */
  readonly isFull: boolean;
}

/** More faults than anybody reads; a bound for what a hostile definition can make us say. */
const MAX_LISTED = 1000;

export function createReport(): Report {
  const entries: Entry[] = [];
  let unlisted = 0;
  const add: Report['add'] = (code, message, place, details = {}) => {
    if (entries.length >= MAX_LISTED) {
      unlisted += 1;
      return;
    }
    const seenAt = details.seenAt === undefined ? place : details.seenAt;
    entries.push({
      diagnostic: {
        code,
        severity: details.severity ?? 'ERROR',
        pointer: place.pointer,
        message,
        location: seenAt === null ? null : seenAt.location === '' ? '/' : seenAt.location,
        ...(details.hint === undefined ? {} : { hint: details.hint }),
      },
      atKey: details.atKey ?? false,
    });
  };
  return {
    add,
    schema: (message, place, details) => add('SCHEMA_VALIDATION_FAILED', message, place, details),
    get entries() {
      const more = { code: 'MORE_FAULTS', severity: 'ERROR', pointer: '', message: 'There are more faults than are listed here.', location: null } as const;
      return unlisted === 0 ? entries : [...entries, { diagnostic: more, atKey: false }];
    },
    get isFull() {
      return entries.length >= MAX_LISTED && unlisted > 0;
    },
  };
}
