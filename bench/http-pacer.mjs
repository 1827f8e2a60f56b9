// A thread that asks an HTTP server at set times, whatever became of the requests before: open load. Latencies count from the
// time that was intended, also where all connections were busy then. The events of the parent's list go round.
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const { address, path, bodies, rate, durationMs, warmUpMs, connections } = workerData;
/** Sleeping so long at most makes an answer look at most so much later. */
const NAP_MS = 0.1;
const PATIENCE_MS = 30_000;

const { hostname, port } = new URL(address);
const requests = bodies.map((body) => Buffer.from(`POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`));
const idle = [];
const waiting = [];
const latencies = [];
let sent = 0;
let answered = 0;
let begin = 0;
let failure;

/** Whether the text is a whole answer, by its length or its last chunk. */
function isWhole(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text);
  if (length !== null && length.index < head) return text.length >= head + 4 + Number(length[1]);
  return text.endsWith('\r\n0\r\n\r\n');
}

const open = () =>
  new Promise((resolve, reject) => {
    const connection = { socket: connect(Number(port), hostname), intended: 0, text: '' };
    connection.socket.setNoDelay(true).setEncoding('latin1').on('connect', resolve).on('error', reject);
    connection.socket.on('close', () => (failure ??= 'the server has closed a connection')).on('data', (chunk) => {
      connection.text += chunk;
      if (!isWhole(connection.text)) return;
      if (!connection.text.startsWith('HTTP/1.1 2')) failure ??= connection.text.slice(0, 300);
      if (connection.intended >= warmUpMs) latencies.push(performance.now() - begin - connection.intended);
      answered += 1;
      connection.text = '';
      if (waiting.length > 0) ask(connection, waiting.shift());
      else idle.push(connection);
    });
    idle.push(connection);
  });

/** @param intended milliseconds after the beginning */
function ask(connection, intended) {
  connection.intended = intended;
  connection.socket.write(requests[sent++ % requests.length]);
}

await Promise.all(Array.from({ length: connections }, open));
const total = Math.round((rate * (warmUpMs + durationMs)) / 1000);
const still = new Int32Array(new SharedArrayBuffer(4));
begin = performance.now();
let due = 0;
const goesOn = () => answered < total && failure === undefined;
while (goesOn()) {
  const now = performance.now();
  for (; due < total && begin + (due * 1000) / rate <= now; due++) {
    const intended = (due * 1000) / rate;
    const connection = idle.shift();
    if (connection === undefined) waiting.push(intended);
    else ask(connection, intended);
  }
  if (now - begin > warmUpMs + durationMs + PATIENCE_MS) failure = `${total - answered} of ${total} requests have not been answered`;
  const untilNext = due < total ? begin + (due * 1000) / rate - performance.now() : NAP_MS;
  // Not a timer: those are a millisecond late, and the latencies in question are shorter.
  if (untilNext > 0.02) Atomics.wait(still, 0, 0, Math.min(NAP_MS, untilNext));
  await turn();
}
parentPort.postMessage({ latencies: Float64Array.from(latencies), failure, total });
process.exit(0);
