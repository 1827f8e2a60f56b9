import type { IncomingMessage } from 'node:http';
import type { BulkResult, BulkStart, EngineApi } from './contract.ts';
import { LISTED_REJECTIONS } from './contract.ts';
import { BodyStream, BrokenOff } from './body-stream.ts';
import { contentEncoding, payloadTooLarge } from './content-encoding.ts';
import { OVERSIZE } from './framing/contract.ts';
import type { Framed, Framer } from './framing/contract.ts';
import { SniffingFramer } from './framing/sniffing.ts';
import { MillraceError } from '../errors.ts';
import type { StallClock } from './stall-clock.ts';

/** How a bulk start ended: whole, or broken by a fault after some of it had been accepted. */
export interface BulkOutcome {
  readonly result: BulkResult;
  readonly fault: unknown;
}

/**
 * Streams a request's body into a bulk start: cuts it into events by bytes, hands them on piece by piece and lets the engine
 * set the pace. Memory holds a chunk and an unfinished event, however long the body. Answers undefined when the client broke
 * off: what was complete by then stays accepted.
 * @throws MillraceError when nothing at all could be accepted (no such machine, an unknown encoding)
 */
export async function takeEvents(engine: EngineApi, machine: string, request: IncomingMessage, payloadBytes: number, clock: StallClock): Promise<BulkOutcome | undefined> {
  const framer = new SniffingFramer(request.headers['content-type'], payloadBytes);
  const encoding = contentEncoding(request.headers['content-encoding']);
  const bulk = engine.startMany(machine);
  const body = new BodyStream(request, encoding, clock);
  let fault: unknown;
  try {
    await pump(body, framer, bulk, payloadTooLarge(payloadBytes).message);
    if (framer.fault !== undefined) fault = new MillraceError('INVALID_JSON', framer.fault);
  } catch (error) {
    if (error instanceof BrokenOff) {
      bulk.abandon();
      return undefined;
    }
    fault = error;
  } finally {
    body.close();
  }
  try {
    const result = await bulk.finish();
    return { result, fault: fault ?? result.fault };
  } catch (error) {
    // The first thing that went wrong says more than what followed from it.
    throw fault ?? error;
  }
}

async function pump(body: BodyStream, framer: Framer, bulk: BulkStart, tooLarge: string): Promise<void> {
  const framed: Framed[] = [];
  for (;;) {
    const chunk = await body.next();
    if (chunk === undefined) framer.end(framed);
    else framer.push(chunk, framed);
    for (const piece of framed) {
      if (piece === OVERSIZE) bulk.reject('PAYLOAD_TOO_LARGE', tooLarge);
      else await body.whileConnected(bulk.add(piece.bytes, piece.spans));
    }
    framed.length = 0;
    if (chunk === undefined || framer.fault !== undefined) return;
  }
}

/** The members of the answer that say what was accepted, without braces. */
export function bulkMembers(result: BulkResult): string {
  const listed = result.rejected.length > LISTED_REJECTIONS ? result.rejected.slice(0, LISTED_REJECTIONS) : result.rejected;
  return `"accepted":${result.accepted},"rejectedCount":${result.rejectedCount ?? result.rejected.length},"rejected":${JSON.stringify(listed)}`;
}
