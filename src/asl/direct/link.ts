import { END } from '../types.ts';
import { BAIL, type DirectRun, type DirectState, EXIT, exit } from './contract.ts';
import { type Decide, decide } from './decide.ts';
import { make, put } from './make.ts';
import { identity } from './read.ts';

/*
 * What direct code is made of. Nothing in here has a frame, a limit or a fault to look after; `undefined` stands for what is
 * missing.
 */

/** Direct code from a state on; states that have none, and ways back to where the code has been, are exits. */
export function link(states: readonly (DirectState | null)[], start: number): DirectRun {
  const linked = new Map<number, DirectRun | null>();
  const from = (index: number): DirectRun => {
    if (index === END) return identity;
    const state = states[index];
    const known = linked.get(index);
    if (known !== undefined && known !== null) return known;
    if (state === undefined || state === null || known === null) return leave(index);
    linked.set(index, null);
    const run = linkState(state, from);
    linked.set(index, run);
    return run;
  };
  return from(start);
}

function linkState(state: DirectState, from: (index: number) => DirectRun): DirectRun {
  switch (state.kind) {
    case 'end':
      return identity;
    case 'pass':
      return follow(state.at === null ? make(state.result) : put(state.at, state.result), from(state.target));
    case 'choice':
      return choose(state.tests.map(decide), state.targets.map(from), state.otherwise === null ? bail : from(state.otherwise));
  }
}

const bail: DirectRun = () => BAIL;

const leave = (index: number): DirectRun => (value) => {
  exit.index = index;
  exit.value = value;
  return EXIT;
};

function follow(run: DirectRun, then: DirectRun): DirectRun {
  if (then === identity) return run;
  if (run === identity) return then;
  return (value) => {
    const made = run(value);
    return made === BAIL ? BAIL : then(made);
  };
}

function choose(tests: readonly Decide[], runs: readonly DirectRun[], otherwise: DirectRun): DirectRun {
  const [first, second] = tests as [Decide, Decide];
  const [one, two] = runs as [DirectRun, DirectRun];
  switch (tests.length) {
    case 1:
      return (value) => {
        const answer = first(value);
        return answer > 0 ? one(value) : answer === 0 ? otherwise(value) : BAIL;
      };
    case 2:
      return (value) => {
        const answer = first(value);
        if (answer !== 0) return answer > 0 ? one(value) : BAIL;
        const next = second(value);
        return next > 0 ? two(value) : next === 0 ? otherwise(value) : BAIL;
      };
    default:
      return (value) => {
        for (let i = 0; i < tests.length; i++) {
          const answer = tests[i]!(value);
          if (answer !== 0) return answer > 0 ? runs[i]!(value) : BAIL;
        }
        return otherwise(value);
      };
  }
}
