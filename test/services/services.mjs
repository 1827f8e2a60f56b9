import { composeAnswers, composeControl, composeEnd, composeRemove, composeUp } from './compose.mjs';
import { guardLease } from './ownership.mjs';
import { isAlive } from './pids.mjs';
import { poll } from './poll.mjs';
import { exclusively, readState, writeState } from './state.mjs';
import { SERVICES } from './table.mjs';
import { Unavailable } from './unavailable.mjs';

/** How long what is running already may take to answer: it may just be coming back from a restart. */
const PATIENCE_MS = 15_000;

/**
 * Brings services up: those that the environment names are only asked whether they are there; those that are up are used; the
 * rest is started, by Docker Compose where an engine answers, else as processes of this machine.
 *
 * With a `holder` (a process) they stay until that process, and every other holder, is gone; without one, until they are
 * taken down.
 *
 * @returns per name { origin, value }, and an Unavailable for each service that cannot be had here
 * @throws Error when the environment names something that does not answer, or a service fails to start
 */
export async function bringUp(names, { holder, note = () => {} } = {}) {
  const up = {};
  const unavailable = [];
  const started = readState().services;
  const given = names.filter((name) => isGiven(name, started));
  await Promise.all(given.map(async (name) => (up[name] = await checked(name))));
  const ours = names.filter((name) => !given.includes(name));
  if (ours.length === 0) return { up, unavailable };
  await exclusively(async () => {
    const state = readState();
    const outcomes = await Promise.allSettled(ours.map(async (name) => (up[name] = await serviceOf(state, name, note))));
    const failures = outcomes.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
    if (holder === undefined) state.kept = true;
    else if (Object.keys(state.services).length > 0) hold(state, holder);
    writeState(state);
    const failure = failures.find((reason) => !(reason instanceof Unavailable));
    if (failure !== undefined) throw failure;
    unavailable.push(...failures);
  }, note);
  return { up, unavailable };
}

/** Gives back what a holder has; the last one's services go, unless they are kept. */
export function release(holder, note) {
  return exclusively(async () => {
    const state = readState();
    state.holders = state.holders.filter(({ pid }) => pid !== holder.pid);
    if (!state.kept && state.holders.length === 0) await removeAll(state, Object.keys(state.services));
    writeState(state);
  }, note);
}

/** Takes services down, with their data. Resolves with the processes that still use them, which prevents it unless forced. */
export function takeDown(names, { force = false, note } = {}) {
  return exclusively(async () => {
    const state = readState();
    state.kept = false;
    const inUse = force ? [] : state.holders;
    if (inUse.length === 0) await removeAll(state, names.filter((name) => state.services[name] !== undefined));
    writeState(state);
    return inUse;
  }, note);
}

/** Stops, starts, restarts or kills (-9) one service that was started here; its data and port stay. */
export function control(name, verb, note) {
  return exclusively(async () => {
    const state = readState();
    const record = state.services[name];
    if (record === undefined) throw new Error(`${name} was not started here. Bring it up first.`);
    if (record.origin === 'compose') await composeControl(name, verb);
    else await SERVICES[name].open(record.server)[verb]();
    if (verb.endsWith('start') && !(await poll(() => SERVICES[name].answers(record.value), PATIENCE_MS))) throw new Error(`${name} does not answer at ${record.value}.`);
    writeState(state);
  }, note);
}

/** What there is of each service: { name, origin, value, answers, server }; origin is undefined when there is nothing. */
export function survey(names) {
  const { services } = readState();
  return Promise.all(
    names.map(async (name) => {
      const record = isGiven(name, services) ? { origin: 'environment', value: environment(name) } : services[name];
      if (record === undefined) return { name, answers: false };
      return { name, ...record, answers: await SERVICES[name].answers(record.value) };
    }),
  );
}

const environment = (name) => process.env[SERVICES[name].variable];

/** What this machinery has started and the shell has taken over from its output is not a thing of the user's own. */
const isGiven = (name, started) => Boolean(environment(name)) && environment(name) !== started[name]?.value;

async function checked(name) {
  const { variable, answers } = SERVICES[name];
  const value = environment(name);
  if (await answers(value)) return { origin: 'environment', value };
  throw new Error(`${variable} is ${value}, and nothing answers there. Start it, or unset ${variable} to have ${name} started here.`);
}

async function serviceOf(state, name, note) {
  const record = state.services[name];
  if (record !== undefined) {
    const gone = record.origin === 'local' && !isAlive(record.server);
    if (await poll(() => SERVICES[name].answers(record.value), gone ? 0 : PATIENCE_MS)) return record;
    note(`${name} at ${record.value} ${gone ? 'is gone' : 'does not answer'}: starting it anew`);
    await removeAll(state, [name]);
  }
  state.services[name] = await start(name, note, async (record) => {
    state.services[name] = record;
    writeState(state);
  });
  return state.services[name];
}

/** `recorded` is called with the record as soon as there is one; only then is a process of this machine let out of this one's care. */
async function start(name, note, recorded) {
  const { at } = SERVICES[name];
  const port = (await composeAnswers()) ? await composeUp(name, note) : undefined;
  if (port !== undefined) {
    const record = { origin: 'compose', value: at(port) };
    await recorded(record);
    return record;
  }
  const server = await SERVICES[name].start({ note });
  const record = { origin: 'local', value: at(server.port), server: server.record };
  await recorded(record);
  await server.keep();
  return record;
}

async function removeAll(state, names) {
  const removed = names.map((name) => [name, state.services[name]]);
  await Promise.all(removed.map(([name, record]) => (record.origin === 'compose' ? composeRemove(name) : SERVICES[name].open(record.server).remove())));
  for (const name of names) delete state.services[name];
  const left = Object.values(state.services).some(({ origin }) => origin === 'compose');
  if (!left && removed.some(([, { origin }]) => origin === 'compose')) await composeEnd();
}

function hold(state, holder) {
  if (state.holders.some(({ pid }) => pid === holder.pid)) return;
  state.holders.push(holder);
  guardLease(holder);
}
