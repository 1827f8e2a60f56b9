/** Cents for a thousand units, by plan and item; a plan's first units of an item are free. */
const TARIFF = {
  basic: { free: 1000, calls: 40, storage: 9, seats: 900_000 },
  team: { free: 5000, calls: 32, storage: 8, seats: 750_000 },
  enterprise: { free: 50_000, calls: 21, storage: 6, seats: 600_000 },
};

export function handler({ plan, line }) {
  const tariff = TARIFF[plan];
  const billed = line.item === 'seats' ? line.units : Math.max(0, line.units - tariff.free);
  return { item: line.item, units: line.units, cents: Math.round((billed * tariff[line.item]) / 1000) };
}
