const STATES = new Map([['CA', 'California'], ['NV', 'Nevada'], ['MX', 'Mexico']]);

/** The region is what follows the last comma of the place ("7km E of Hualian, Taiwan"); sources read ",ak,at,us,". */
export function handler(event) {
  const last = event.place.slice(event.place.lastIndexOf(',') + 1).trim();
  return { region: STATES.get(last) ?? last, networks: event.sources.split(',').filter((network) => network !== '') };
}
