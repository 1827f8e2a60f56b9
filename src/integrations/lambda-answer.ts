type Headers = Record<string, string>;

/** The service's answer around a payload, with the members that AWS gives. */
export function answerWith(payload: unknown, withLog: boolean): object {
  const requestId = crypto.randomUUID();
  const log = withLog ? logTail(requestId) : undefined;
  const headers: Headers = {
    Connection: 'keep-alive',
    'Content-Length': String(Buffer.byteLength(JSON.stringify(payload))),
    'Content-Type': 'application/json',
    Date: new Date().toUTCString(),
    'X-Amz-Executed-Version': '$LATEST',
    ...(log === undefined ? {} : { 'X-Amz-Log-Result': log }),
    ...commonHeaders(requestId),
  };
  return {
    ExecutedVersion: '$LATEST',
    ...(log === undefined ? {} : { LogResult: log }),
    Payload: payload,
    ...metadata(headers, requestId, 200),
  };
}

/** The answer to an invocation that has no result: an event (202) or a dry run (204). */
export function answerWithout(status: 202 | 204): object {
  const requestId = crypto.randomUUID();
  const headers: Headers = { Connection: 'keep-alive', ...(status === 202 ? { 'Content-Length': '0' } : {}), Date: new Date().toUTCString(), ...commonHeaders(requestId) };
  return { ...(status === 202 ? { Payload: '' } : {}), ...metadata(headers, requestId, status) };
}

const commonHeaders = (requestId: string): Headers => ({
  'x-amzn-Remapped-Content-Length': '0',
  'x-amzn-RequestId': requestId,
  'X-Amzn-Trace-Id': 'Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0',
});

const metadata = (headers: Headers, requestId: string, status: number): object => ({
  SdkHttpMetadata: {
    AllHttpHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    HttpHeaders: headers,
    HttpStatusCode: status,
  },
  SdkResponseMetadata: { RequestId: requestId },
  StatusCode: status,
});

/** The frame that Lambda puts around a function's log, in base64. What functions print goes to the process's own output. */
const logTail = (requestId: string): string => Buffer.from(`START RequestId: ${requestId} Version: $LATEST\nEND RequestId: ${requestId}\n`).toString('base64');
