/* Raw events through dispatch and its workers, as a source would give them. */

/** Events in one buffer, as dispatch takes them, for a machine. */
export function parcelOf(machine, texts) {
  const bytes = Buffer.from(`${texts.join('\n')}\n`);
  const spans = new Uint32Array(2 * texts.length);
  let at = 0;
  for (let i = 0; i < texts.length; i++) {
    const length = Buffer.byteLength(texts[i]);
    spans[2 * i] = at;
    spans[2 * i + 1] = length;
    at += length + 1;
  }
  return { machine, bytes, spans, count: texts.length };
}

/**
 * Offers parcels as room allows; resolves when all their events have succeeded, with the outputs by event if `keep`.
 *
 * @throws when one ends in any other way
 */
export function runDispatch(dispatch, parcels, { wantsOutput = false, keep = false } = {}) {
  const firsts = [];
  let open = 0;
  for (const { count } of parcels) {
    firsts.push(open);
    open += count;
  }
  const outputs = [];
  return new Promise((resolve, reject) => {
    const settled = (count) => {
      open -= count;
      if (open === 0) resolve(outputs);
    };
    const settler = {
      succeeded: (_, from, to) => settled(to - from),
      ended: (parcel, index, end) => {
        if (end.status !== 'SUCCEEDED') reject(new Error(`${end.status}: ${end.error} ${end.cause}`));
        if (keep) outputs[firsts[parcel.tag] + index] = end.output;
        settled(1);
      },
    };
    let next = 0;
    const feed = () => {
      while (next < parcels.length) {
        const { machine, bytes, spans, count } = parcels[next];
        if (!dispatch.hasRoom(machine, count, bytes.length)) return dispatch.onRoom(feed);
        const names = { prefix: `${machine}-0`, firstSerial: firsts[next] };
        dispatch.offer({ settler, machine, count, bytes, spans, names, startTimeMs: Date.now(), wantsOutput, lane: -1, tag: next++ });
      }
    };
    feed();
  });
}
