/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolated {
  readonly text: string;
  /** True when the text was one ${…} and nothing else: its value then takes the type that YAML gives it. */
  readonly whole: boolean;
  readonly faults: readonly InterpolationFault[];
}

export interface InterpolationFault {
  readonly kind: 'MISSING_VARIABLE' | 'INVALID_INTERPOLATION';
  /** As written, from ${ on. */
  readonly written: string;
  readonly name: string;
}

/** $${ on its own, a ${…}, or a ${ that nothing closes. */
const ANY = /\$\$\{|\$\{[^}]*\}?/g;
const WELL_FORMED = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}$/;

/**
 * Replaces ${NAME} and ${NAME:-default} by the environment's values; $${ stands for ${ itself. As in a shell, the default
 * also replaces a variable that is set to nothing.
 */
export function interpolate(text: string, env: Environment): Interpolated {
  const faults: InterpolationFault[] = [];
  let whole = false;
  const replaced = text.replaceAll(ANY, (written, at: number) => {
    if (written === '$${') return '${';
    whole = at === 0 && written.length === text.length;
    const [, name = '', fallback] = WELL_FORMED.exec(written) ?? [];
    if (name === '' || fallback?.includes('${') === true) {
      faults.push({ kind: 'INVALID_INTERPOLATION', written, name });
      return '';
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback === undefined) faults.push({ kind: 'MISSING_VARIABLE', written, name });
    return fallback ?? '';
  });
  return { text: replaced, whole, faults };
}
