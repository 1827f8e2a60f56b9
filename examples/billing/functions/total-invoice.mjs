const TAX_PERCENT = { DE: 19, FR: 20, IT: 22, US: 0, JP: 10 };

export function handler({ country, lines }) {
  let netCents = 0;
  for (const line of lines) netCents += line.cents;
  const taxCents = Math.round((netCents * TAX_PERCENT[country]) / 100);
  return { netCents, taxCents, totalCents: netCents + taxCents };
}
