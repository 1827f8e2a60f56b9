import { describe, expect, it } from 'vitest';
import { parseHostPort, parseRedisUrl } from '../../src/redis/address.ts';

describe('parseRedisUrl', () => {
  it.each([
    ['redis://127.0.0.1', { host: '127.0.0.1', port: 6379, tls: false }],
    ['redis://cache:7000/2', { host: 'cache', port: 7000, db: 2, tls: false }],
    ['rediss://cache/', { host: 'cache', port: 6379, tls: true }],
    ['redis://:secret@cache', { host: 'cache', port: 6379, password: 'secret', tls: false }],
    ['redis://mill:s%40cr%25t%2F@[::1]:7001', { host: '::1', port: 7001, username: 'mill', password: 's@cr%t/', tls: false }],
  ])('reads %s', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  it.each([
    ['cache:6379', 'does not begin'],
    ['http://:secret@cache', 'does not begin'],
    ['redis:///2', 'no host'],
    ['redis://:secret@cache:99999', 'cannot be parsed'],
    ['redis://:secret@cache/orders', 'database'],
    ['redis://:secret@cache?family=6', 'query'],
    ['redis://:100%secret@cache', '%'],
  ])('refuses %s, and keeps its password to itself', (url, why) => {
    expect(() => parseRedisUrl(url)).toThrowError(expect.objectContaining({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining(why) }));
    expect(() => parseRedisUrl(url)).toThrowError(expect.objectContaining({ message: expect.not.stringContaining('secret') }));
  });
});

describe('parseHostPort', () => {
  it.each([
    ['sentinel-0.redis:26380', { host: 'sentinel-0.redis', port: 26_380 }],
    ['sentinel', { host: 'sentinel', port: 26_379 }],
    ['[fd00::1]:7000', { host: 'fd00::1', port: 7000 }],
    ['[fd00::1]', { host: 'fd00::1', port: 26_379 }],
  ])('reads %s', (address, parts) => {
    expect(parseHostPort(address, 26_379)).toEqual(parts);
  });

  it.each(['', ':6379', 'redis://cache:6379', 'fd00::1', 'cache:port', 'cache:70000', 'a b'])('refuses %j', (address) => {
    expect(() => parseHostPort(address, 1)).toThrowError(expect.objectContaining({ code: 'SOURCE_MISCONFIGURED' }));
  });
});
