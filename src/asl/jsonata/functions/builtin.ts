/** A function of the language, as the tables of this folder list them. */
export interface Builtin {
  /** The library's notation of parameters; see signatures.ts. */
  readonly signature: string;
  /** How many arguments the higher-order functions hand to it. */
  readonly arity: number;
  /** How many parameters a partial application can fill. */
  readonly params: number;
  /** Given arguments that the signature has completed. */
  run(args: readonly unknown[], context: unknown): unknown;
  /** Whether a fresh array that it answers stands for a sequence. */
  readonly sequence?: true | ((args: readonly unknown[], result: unknown[]) => boolean);
  /** True when it answers a scalar: no array among its arguments comes out again. */
  readonly scalar?: boolean;
  /** True when it tells sequences from arrays among its arguments. */
  readonly observes?: boolean;
}

export type BuiltinTable = Readonly<Record<string, Builtin>>;

/** Describes a function that answers a scalar. */
export const scalar = (signature: string, arity: number, run: Builtin['run']): Builtin => ({ signature, arity, params: arity, run, scalar: true });

/** Describes a function that may answer (parts of) its arguments. */
export const general = (signature: string, arity: number, run: Builtin['run'], more: Partial<Builtin> = {}): Builtin => ({ signature, arity, params: arity, run, ...more });
