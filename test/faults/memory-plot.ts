export interface Sample {
  readonly seconds: number;
  readonly rssMb: number;
}

const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 60;
const BOTTOM = 40;
const TOP = 40;
const LINES = 4;

/** Samples of resident memory as a line, the axis beginning at 0, as the text of an SVG. */
export function memoryPlot(samples: readonly Sample[], title: string): string {
  const mostSeconds = Math.max(1, ...samples.map(({ seconds }) => seconds));
  const mostMb = Math.ceil(Math.max(1, ...samples.map(({ rssMb }) => rssMb)) / 100) * 100;
  const x = (seconds: number): string => (LEFT + (seconds / mostSeconds) * (WIDTH - LEFT - 20)).toFixed(1);
  const y = (mb: number): string => (HEIGHT - BOTTOM - (mb / mostMb) * (HEIGHT - BOTTOM - TOP)).toFixed(1);
  const grid = Array.from({ length: LINES + 1 }, (_, i) => {
    const mb = (mostMb / LINES) * i;
    return `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(mb)}" y2="${y(mb)}" stroke="#ccc"/><text x="${LEFT - 6}" y="${y(mb)}" text-anchor="end" dominant-baseline="middle">${mb.toFixed(0)}</text>`;
  });
  const points = samples.map(({ seconds, rssMb }) => `${x(seconds)},${y(rssMb)}`).join(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="22" font-size="14">${title}</text>
${grid.join('\n')}
<text x="${LEFT}" y="${HEIGHT - 12}">0 s</text><text x="${WIDTH - 20}" y="${HEIGHT - 12}" text-anchor="end">${mostSeconds.toFixed(0)} s</text><text x="6" y="22">MB</text>
<polyline points="${points}" fill="none" stroke="#06c" stroke-width="1.5"/>
</svg>
`;
}
