import { MillraceError } from '../errors.ts';

/** Says why the server cannot listen, and what to do about it. */
export function listeningFault(error: NodeJS.ErrnoException, host: string, port: number): MillraceError {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new MillraceError('PORT_IN_USE', `Another process listens on ${place}. Stop it, or choose another port with --port or server.port.`, { cause: error });
    case 'EACCES':
      return new MillraceError('INVALID_CONFIG', `This user may not listen on ${place}. Choose a port above 1023 with --port or server.port.`, { cause: error });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new MillraceError('INVALID_CONFIG', `${host} is not an address of this machine. Correct --host or server.host; 0.0.0.0 is all of them.`, { cause: error });
    default:
      return new MillraceError('INTERNAL', `Cannot listen on ${place}: ${error.message}.`, { cause: error });
  }
}
