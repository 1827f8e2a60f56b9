export class Unavailable extends Error {
  constructor(service: string, why: string, how: string);
  readonly service: string;
  readonly why: string;
  readonly how: string;
}
