import { stripVTControlCharacters } from 'node:util';

export interface ScreenStream {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Some lines of a terminal that are drawn over and over in the same place. */
export interface Screen {
  draw(): void;
  /** Leaves what was drawn last on the screen, below it the cursor. */
  close(): void;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';

/** The cursor comes back however the process ends. */
export function openScreen(stream: ScreenStream, lines: (columns: number) => readonly string[]): Screen {
  let drawn: readonly string[] = [];
  const showCursor = (): void => void stream.write(SHOW_CURSOR);
  /** Where the terminal has become narrower, a line of before takes several rows now. */
  const rowsOf = (columns: number): number => drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns)), 0);
  const draw = (): void => {
    const columns = stream.columns || 80;
    const up = drawn.length === 0 ? '' : `\u001b[${rowsOf(columns)}A`;
    // What is higher than the terminal could not be drawn over.
    drawn = lines(columns).slice(0, Math.max(1, (stream.rows || 24) - 1));
    stream.write(`${up}\r${CLEAR_BELOW}${drawn.join('\n')}\n`);
  };
  stream.write(HIDE_CURSOR);
  stream.on('resize', draw);
  process.once('exit', showCursor);
  return {
    draw,
    close() {
      stream.off('resize', draw);
      process.off('exit', showCursor);
      draw();
      showCursor();
    },
  };
}
