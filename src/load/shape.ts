/** How many events a second are due, over the time since the shape began. */
export interface Shape {
  /** Events per second at a time, seconds. */
  rateAt(seconds: number): number;
  /** Events due from 0 to a time, seconds: the integral of the rate. */
  dueBy(seconds: number): number;
  /** When so many events are due, seconds: the inverse of `dueBy`. Infinity when they never are. */
  timeOf(events: number): number;
}

export const constant = (rate: number): Shape => ({
  rateAt: () => rate,
  dueBy: (seconds) => rate * seconds,
  timeOf: (events) => events / rate,
});

/** From one rate to another in so many seconds, and at the second one from then on. */
export function ramp(from: number, to: number, lasting: number): Shape {
  const slope = (to - from) / lasting;
  const whole = ((from + to) / 2) * lasting;
  return {
    rateAt: (seconds) => (seconds < lasting ? from + slope * seconds : to),
    dueBy: (seconds) => (seconds < lasting ? (from + (slope * seconds) / 2) * seconds : whole + to * (seconds - lasting)),
    timeOf(events) {
      if (events >= whole) return to === 0 ? Infinity : lasting + (events - whole) / to;
      if (events === 0) return 0;
      // The root of slope/2 t² + from t = events, in the form that does not lose digits while the slope is small.
      return (2 * events) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * events)));
    },
  };
}

/** The peak for `lasting` seconds in the middle of every period, the base before and after. */
export function spike(base: number, peak: number, every: number, lasting: number): Shape {
  const begin = (every - lasting) / 2;
  const end = begin + lasting;
  const before = base * begin;
  const until = before + peak * lasting;
  const whole = until + base * (every - end);
  return {
    rateAt(seconds) {
      const at = seconds % every;
      return at >= begin && at < end ? peak : base;
    },
    dueBy(seconds) {
      const periods = Math.floor(seconds / every);
      const at = seconds - periods * every;
      return periods * whole + base * at + (peak - base) * Math.min(lasting, Math.max(0, at - begin));
    },
    timeOf(events) {
      const periods = Math.floor(events / whole);
      const rest = events - periods * whole;
      // A rate of 0 before or after the spike makes no event due there; 0/0 would be no number.
      const at = rest <= before && base > 0 ? rest / base : rest < until || base === 0 ? begin + (rest - before) / peak : end + (rest - until) / base;
      return periods * every + at;
    },
  };
}

/** A wave around the mean, beginning at it and rising. The amplitude is at most the mean. */
export function sine(mean: number, amplitude: number, period: number): Shape {
  const turn = (2 * Math.PI) / period;
  const dueBy = (seconds: number): number => mean * seconds + (amplitude / turn) * (1 - Math.cos(turn * seconds));
  return {
    rateAt: (seconds) => mean + amplitude * Math.sin(turn * seconds),
    dueBy,
    timeOf(events) {
      // The wave is ahead of its mean by at most 2 * amplitude / turn events, and never behind it.
      let low = Math.max(0, (events - (2 * amplitude) / turn) / mean);
      let high = events / mean;
      for (let i = 0; i < 60 && high - low > 1e-9; i++) {
        const middle = (low + high) / 2;
        if (dueBy(middle) < events) low = middle;
        else high = middle;
      }
      return high;
    },
  };
}

export interface Stage {
  readonly shape: Shape;
  /** Seconds. Only the last stage may go on for ever. */
  readonly lasting: number;
}

/** One stage after another; after the last one nothing is due. */
export function sequence(stages: readonly Stage[]): Shape {
  const parts: { shape: Shape; begin: number; end: number; before: number; until: number }[] = [];
  let begin = 0;
  let before = 0;
  for (const { shape, lasting } of stages) {
    const until = Number.isFinite(lasting) ? before + shape.dueBy(lasting) : Infinity;
    parts.push({ shape, begin, end: begin + lasting, before, until });
    begin += lasting;
    before = until;
  }
  const last = parts.at(-1)!;
  return {
    rateAt(seconds) {
      const part = parts.find(({ end }) => seconds < end);
      return part === undefined ? 0 : part.shape.rateAt(seconds - part.begin);
    },
    dueBy(seconds) {
      const part = parts.find(({ end }) => seconds < end);
      return part === undefined ? last.until : part.before + part.shape.dueBy(seconds - part.begin);
    },
    timeOf(events) {
      const part = parts.find(({ until }) => events < until);
      return part === undefined ? Infinity : part.begin + part.shape.timeOf(events - part.before);
    },
  };
}
