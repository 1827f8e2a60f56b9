import { addressOf, blockTest, type Address } from '../addresses.ts';
import type { Report } from '../fault.ts';
import { either, NOTHING, type TextTest } from '../value-test.ts';
import type { Operator } from './operator.ts';

const V4 = /^\d+\.\d+\.\d+\.\d+$/;
const V6 = /^[0-9a-fA-F]*:[0-9a-fA-F:]*$/;

const FORM = 'It is an address and the number of leading bits that count, as in 10.0.0.0/24 or 2001:db8::/32.';

/** The words of a wrong operand are EventBridge's, the wrong name in them too. */
export const cidr: Operator = {
  check: (operand, pointer, report) => {
    if (typeof operand === 'string') checkBlock(operand, pointer, report);
    else report(pointer, 'prefix match pattern must be a string', FORM);
  },
  compile: (operands) => ({ ...NOTHING, text: either((operands as readonly string[]).map(compileBlock)) }),
};

function compileBlock(block: string): TextTest {
  const [address = '', bits] = block.split('/');
  return blockTest(addressOf(address) as Address, Number(bits));
}

function checkBlock(block: string, pointer: string, report: Report): void {
  const [written = '', bits, ...more] = block.split('/');
  if (bits === undefined || bits === '' || more.length > 0) {
    report(pointer, "Malformed CIDR, one '/' required", FORM);
    return;
  }
  if (!/^[+-]?\d{1,9}$/.test(bits)) report(pointer, 'Malformed CIDR, mask bits must be an integer', FORM);
  else if (Number(bits) < 0) report(pointer, 'Malformed CIDR, mask bits must not be negative', FORM);
  const address = addressOf(written);
  if (address === null) report(pointer, `${V4.test(written) || V6.test(written) ? 'Invalid' : 'Nonstandard'} IP address: ${written}`, FORM);
  else if (address.length === 1 && Number(bits) > 31) report(pointer, 'IPv4 mask bits must be < 32', `For one address write it without a mask, as a value: "${written}".`);
  else if (address.length === 4 && Number(bits) > 127) report(pointer, 'IPv6 mask bits must be < 128', `For one address write it without a mask, as a value: "${written}".`);
}
