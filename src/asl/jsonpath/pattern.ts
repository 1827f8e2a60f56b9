import { PathSyntaxError } from './cursor.ts';
import { parsePattern, type PatternNode } from './parse-pattern.ts';

/** A regular expression of a filter. It matches a whole text, as Jayway's `=~` does. */
export interface Pattern {
  readonly source: string;
  /**
   * Time is linear in the text: all alternatives are followed at once, so no expression can backtrack. `charge` is told how
   * much work each character made and may throw.
   */
  matches(text: string, charge: (work: number) => void): boolean;
}

const SOURCE_LIMIT = 1000;
const PROGRAM_LIMIT = 5000;
/** Groups that repeat nothing add no instruction, yet cost time to assemble. */
const ASSEMBLY_LIMIT = 50_000;

type Instruction =
  | { readonly op: 'char'; readonly accepts: (codePoint: number) => boolean }
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'assert'; readonly holds: (text: string, at: number) => boolean }
  | { readonly op: 'match' };

/** @throws PathSyntaxError for what is malformed, and for look-around and back-references, which no linear matcher can do. */
export function compilePattern(source: string, flags: string, offset: number): Pattern {
  if (source.length > SOURCE_LIMIT) throw new PathSyntaxError(`a pattern has ${SOURCE_LIMIT} characters at the most`, offset);
  const assembly = { program: [] as Instruction[], steps: 0, offset };
  assemble(parsePattern(source, flags, offset), assembly);
  emit(assembly, { op: 'match' });
  const { program } = assembly;
  return { source, matches: (text, charge) => simulate(program, text, charge) };
}

interface Assembly {
  readonly program: Instruction[];
  readonly offset: number;
  steps: number;
}

/** Answers where the instruction stands. */
function emit(assembly: Assembly, instruction: Instruction): number {
  if (assembly.program.length >= PROGRAM_LIMIT) throw new PathSyntaxError('the pattern repeats too much', assembly.offset);
  return assembly.program.push(instruction) - 1;
}

function assemble(node: PatternNode, assembly: Assembly): void {
  if (++assembly.steps > ASSEMBLY_LIMIT) throw new PathSyntaxError('the pattern repeats too much', assembly.offset);
  switch (node.kind) {
    case 'char':
      emit(assembly, { op: 'char', accepts: node.accepts });
      return;
    case 'assert':
      emit(assembly, { op: 'assert', holds: node.holds });
      return;
    case 'sequence':
      for (const part of node.parts) assemble(part, assembly);
      return;
    case 'choice':
      assembleChoice(node.options, assembly);
      return;
    case 'repeat':
      for (let i = 0; i < node.min; i++) assemble(node.body, assembly);
      if (node.max === Infinity) assembleLoop(node.body, assembly);
      else assembleOptional(node, assembly);
  }
}

function assembleChoice(options: readonly PatternNode[], assembly: Assembly): void {
  const exits: { to: number }[] = [];
  options.forEach((option, i) => {
    if (i === options.length - 1) {
      assemble(option, assembly);
      return;
    }
    const split = { op: 'split' as const, first: 0, second: 0 };
    split.first = emit(assembly, split) + 1;
    assemble(option, assembly);
    const exit = { op: 'jump' as const, to: 0 };
    emit(assembly, exit);
    exits.push(exit);
    split.second = assembly.program.length;
  });
  for (const exit of exits) exit.to = assembly.program.length;
}

function assembleLoop(body: PatternNode, assembly: Assembly): void {
  const split = { op: 'split' as const, first: 0, second: 0 };
  const start = emit(assembly, split);
  split.first = start + 1;
  assemble(body, assembly);
  emit(assembly, { op: 'jump', to: start });
  split.second = assembly.program.length;
}

function assembleOptional(node: { readonly body: PatternNode; readonly min: number; readonly max: number }, assembly: Assembly): void {
  const splits: { second: number }[] = [];
  for (let i = node.min; i < node.max; i++) {
    const split = { op: 'split' as const, first: 0, second: 0 };
    split.first = emit(assembly, split) + 1;
    splits.push(split);
    assemble(node.body, assembly);
  }
  for (const split of splits) split.second = assembly.program.length;
}

/** Threads are program positions; each is followed once for each character, however many ways lead to it. */
function simulate(program: readonly Instruction[], text: string, charge: (work: number) => void): boolean {
  const seenAt = new Int32Array(program.length).fill(-1);
  let threads: number[] = [];
  let followed = 0;
  const pending: number[] = [];

  const follow = (from: number, at: number, into: number[]): void => {
    pending.push(from);
    while (pending.length > 0) {
      const pc = pending.pop() as number;
      if (seenAt[pc] === at) continue;
      seenAt[pc] = at;
      followed++;
      const instruction = program[pc] as Instruction;
      if (instruction.op === 'jump') pending.push(instruction.to);
      else if (instruction.op === 'split') pending.push(instruction.second, instruction.first);
      else if (instruction.op === 'assert') {
        if (instruction.holds(text, at)) pending.push(pc + 1);
      } else into.push(pc);
    }
  };

  follow(0, 0, threads);
  let at = 0;
  while (at < text.length && threads.length > 0) {
    const codePoint = text.codePointAt(at) as number;
    at += codePoint > 0xffff ? 2 : 1;
    charge(1 + (followed >> 3));
    followed = 0;
    const next: number[] = [];
    for (const pc of threads) {
      const instruction = program[pc] as Instruction;
      if (instruction.op === 'char' && instruction.accepts(codePoint)) follow(pc + 1, at, next);
    }
    threads = next;
  }
  return at >= text.length && threads.some((pc) => (program[pc] as Instruction).op === 'match');
}
