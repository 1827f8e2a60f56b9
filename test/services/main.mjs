#!/usr/bin/env node
// npm run --silent services -- up|down|status [kafka] [redis]
// The state of things goes to standard error; standard output is for a shell's eval.
import { parseArgs } from 'node:util';
import { bringUp, control, survey, takeDown } from './services.mjs';
import { SERVICES } from './table.mjs';

const USAGE = `npm run --silent services -- <command> [kafka] [redis]

  up        starts what is not up, waits until it answers, and prints lines for eval
  down      ends what was started, with its data; --force also while tests use it
  status    says what is up; exit code 1 when something is not
  stop, start, restart, kill (-9)   one service that was started here, its data and port kept
`;

const note = (message) => process.stderr.write(`${message}\n`);

const COMMANDS = {
  async up(names) {
    const began = performance.now();
    const { up, unavailable } = await bringUp(names, { note });
    for (const name of names.filter((name) => up[name] !== undefined)) {
      note(`${name} is up at ${up[name].value} (${up[name].origin})`);
      process.stdout.write(`export ${SERVICES[name].variable}=${up[name].value}\n`);
    }
    for (const { service, message } of unavailable) note(`${service} cannot be had. ${message}`);
    note(`${((performance.now() - began) / 1000).toFixed(1)} s`);
    return unavailable.length === 0 ? 0 : 1;
  },

  async down(names, { force }) {
    const inUse = await takeDown(names, { force, note });
    if (inUse.length > 0) {
      note(`In use by the process ${inUse.map(({ pid }) => pid).join(', ')}: they go when that ends. --force takes them down now.`);
      return 1;
    }
    for (const name of names) process.stdout.write(`unset ${SERVICES[name].variable}\n`);
    return 0;
  },

  async status(names) {
    const found = await survey(names);
    for (const { name, origin, value, answers, server } of found) {
      const where = origin === undefined ? 'not started' : `${answers ? 'up' : 'does not answer'} at ${value} (${origin})`;
      process.stdout.write(`${name}: ${where}${server === undefined ? '' : `, pid ${server.pid}, files in ${server.folder}`}\n`);
    }
    return found.every(({ answers }) => answers) ? 0 : 1;
  },
};

for (const verb of ['stop', 'start', 'restart', 'kill']) {
  COMMANDS[verb] = async (names) => {
    for (const name of names) await control(name, verb, note);
    return 0;
  };
}

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { force: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } });
  const [command, ...names] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command === undefined || !Object.hasOwn(COMMANDS, command)) throw new RangeError(command === undefined ? 'A command is missing.' : `There is no command ${command}.`);
  const unknown = names.find((name) => !Object.hasOwn(SERVICES, name));
  if (unknown !== undefined) throw new RangeError(`There is no service ${unknown}.`);
  return COMMANDS[command](names.length === 0 ? Object.keys(SERVICES) : names, values);
}

try {
  process.exitCode = await main();
} catch (error) {
  note(error.message);
  const usage = error instanceof RangeError || error.code?.startsWith('ERR_PARSE_ARGS');
  if (usage) note(`\n${USAGE}`);
  process.exitCode = usage ? 2 : 1;
}
// Clients that have been disconnected may still hold timers.
process.exit();
