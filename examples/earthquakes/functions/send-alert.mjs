/** The error's name is what Retry and Catch compare with. */
class DeskBusy extends Error {
  name = 'DeskBusy';
}

/**
 * Stands for a call to a desk. One in five lines is busy at the first attempt, chosen by the event and the desk, so that
 * every run is like the last.
 */
export function handler({ desk, id, text, attempt }) {
  if (attempt === 0 && checksum(id + desk) % 5 === 0) throw new DeskBusy(`The line of the desk ${desk} is busy.`);
  return { desk, reached: true, attempts: attempt + 1, text };
}

function checksum(text) {
  let sum = 0;
  for (let i = 0; i < text.length; i += 1) sum += text.charCodeAt(i);
  return sum;
}
