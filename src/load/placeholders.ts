import type { Random } from './random.ts';

/** What the placeholders of one event see. */
export interface EventContext {
  /** Counts the events of the run from 0. */
  seq: number;
  /** Unix milliseconds at which the event's batch is made. */
  nowMs: number;
  key: string;
  readonly random: Random;
}

export type Piece = (event: EventContext) => string | number;

/** How one kind of placeholder is written, and what it makes. */
export interface Placeholder {
  readonly usage: string;
  readonly meaning: string;
  /** @throws RangeError that says what is wrong with the arguments */
  compile(args: readonly string[]): Piece;
}

export const PLACEHOLDERS: Readonly<Record<string, Placeholder>> = {
  seq: {
    usage: '{{seq}} {{seq 1000}}',
    meaning: "the event's number in the run, from 0 or the number given",
    compile(args) {
      const [first = 0] = numbers(args, 0, 1);
      return (event) => first + event.seq;
    },
  },
  now: {
    usage: '{{now}}',
    meaning: 'Unix time in milliseconds at which the event is sent',
    compile(args) {
      numbers(args, 0, 0);
      return (event) => event.nowMs;
    },
  },
  iso: {
    usage: '{{iso}}',
    meaning: 'the same time as 2026-01-31T12:00:00.000Z',
    compile(args) {
      numbers(args, 0, 0);
      let atMs = Number.NaN;
      let text = '';
      return ({ nowMs }) => {
        if (nowMs !== atMs) text = new Date((atMs = nowMs)).toISOString();
        return text;
      };
    },
  },
  key: {
    usage: '{{key}}',
    meaning: "the event's key, as --key makes it",
    compile(args) {
      numbers(args, 0, 0);
      return (event) => event.key;
    },
  },
  int: {
    usage: '{{int 1 6}}',
    meaning: 'a whole number between the two, both included',
    compile(args) {
      const [low, high] = numbers(args, 2, 2) as [number, number];
      if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) throw new RangeError('takes whole numbers');
      const width = high - low + 1;
      if (width < 1) throw new RangeError(`goes from ${low} to ${high}, which is downwards`);
      if (width > 2 ** 32) return ({ random }) => low + Math.floor(fine(random) * width);
      return ({ random }) => low + Math.floor(random.fraction() * width);
    },
  },
  float: {
    usage: '{{float 0 1}} {{float 0 1 6}}',
    meaning: 'a number between the two, with 2 digits after the point or as many as given',
    compile(args) {
      const [low, high, digits = 2] = numbers(args, 2, 3) as [number, number, number?];
      if (high < low) throw new RangeError(`goes from ${low} to ${high}, which is downwards`);
      if (!Number.isInteger(digits) || digits < 0 || digits > 15) throw new RangeError('takes 0 to 15 digits');
      return ({ random }) => (low + fine(random) * (high - low)).toFixed(digits);
    },
  },
  bool: {
    usage: '{{bool}} {{bool 0.1}}',
    meaning: 'true or false, true with the probability given, or one half',
    compile(args) {
      const [share = 0.5] = numbers(args, 0, 1);
      if (share < 0 || share > 1) throw new RangeError('takes a probability from 0 to 1');
      return ({ random }) => (random.fraction() < share ? 'true' : 'false');
    },
  },
  pick: {
    usage: '{{pick red green "light blue"}}',
    meaning: 'one of the words',
    compile(args) {
      if (args.length === 0) throw new RangeError('takes the words to pick from');
      return ({ random }) => args[Math.floor(random.fraction() * args.length)]!;
    },
  },
  hex: {
    usage: '{{hex 16}}',
    meaning: 'so many random hexadecimal digits',
    compile(args) {
      const [digits] = numbers(args, 1, 1) as [number];
      if (!Number.isInteger(digits) || digits < 1 || digits > 65_536) throw new RangeError('takes 1 to 65536 digits');
      return ({ random }) => {
        let text = '';
        while (text.length < digits) text += hexOf(random.bits());
        return text.length === digits ? text : text.slice(0, digits);
      };
    },
  },
  uuid: {
    usage: '{{uuid}}',
    meaning: 'a random UUID (version 4)',
    compile(args) {
      numbers(args, 0, 0);
      return ({ random }) => {
        const b = hexOf((random.bits() & 0xffff_0fff) | 0x4000);
        const c = hexOf((random.bits() & 0x3fff_ffff) | 0x8000_0000);
        return `${hexOf(random.bits())}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${hexOf(random.bits())}`;
      };
    },
  },
  pad: {
    usage: '{{pad 100}} {{pad}}',
    meaning: 'so many x; without a number, as many as make the event --bytes long',
    compile(args) {
      const [length] = numbers(args, 1, 1) as [number];
      if (!Number.isInteger(length) || length < 0 || length > 16 * 1024 * 1024) throw new RangeError('takes a length from 0 to 16 MiB');
      const text = 'x'.repeat(length);
      return () => text;
    },
  },
};

/** 53 random bits as a fraction. */
const fine = (random: Random): number => ((random.bits() >>> 5) * 2 ** 26 + (random.bits() >>> 6)) / 2 ** 53;

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hexOf = (bits: number): string => BYTES[bits >>> 24]! + BYTES[(bits >>> 16) & 255]! + BYTES[(bits >>> 8) & 255]! + BYTES[bits & 255]!;

function numbers(args: readonly string[], least: number, most: number): number[] {
  if (args.length < least || args.length > most) {
    const takes = most === 0 ? 'nothing' : least === most ? `${most} number${most === 1 ? '' : 's'}` : `${least} to ${most} numbers`;
    throw new RangeError(`takes ${takes}, and has ${args.length}`);
  }
  return args.map((arg) => {
    const number = Number(arg);
    if (arg.trim() === '' || !Number.isFinite(number)) throw new RangeError(`takes numbers, and '${arg}' is none`);
    return number;
  });
}
