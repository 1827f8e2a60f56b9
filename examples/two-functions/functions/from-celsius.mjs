export function handler({ value }) {
  return { kelvin: Math.round((value + 273.15) * 100) / 100, by: 'from-celsius' };
}
