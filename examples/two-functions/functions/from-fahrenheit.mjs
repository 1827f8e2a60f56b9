export function handler({ value }) {
  return { kelvin: Math.round(((value + 459.67) * 500) / 9) / 100, by: 'from-fahrenheit' };
}
