/** A service that cannot be had on this machine: why, and what makes it so that it can. Anything else that goes wrong is a failure. */
export class Unavailable extends Error {
  constructor(service, why, how) {
    super(`${why} ${how}`);
    this.name = 'Unavailable';
    this.service = service;
    this.why = why;
    this.how = how;
  }
}
