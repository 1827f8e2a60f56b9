/** Every alert goes to the desk of its region; a tsunami flag and a strong earthquake each add one. */
export function handler(event) {
  const desks = [event.origin.region];
  if (event.tsunami === 1) desks.push('tsunami');
  if (event.magnitude >= 6) desks.push('world');
  return desks;
}
