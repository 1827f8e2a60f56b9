import { either, type TextTest } from './value-test.ts';

/** From this many on, one walk through a trie is cheaper than a comparison with each. */
const TRIE_FROM = 8;

/** True for texts that begin with any of `prefixes`. Takes no longer than the longest of them, however many there are. */
export function beginsWithAny(prefixes: readonly string[]): TextTest {
  if (prefixes.length >= TRIE_FROM) return trieTest(prefixes, (text, at) => text.charCodeAt(at));
  return either(prefixes.map((prefix): TextTest => (text) => text.startsWith(prefix)));
}

/** True for texts that end with any of `suffixes`. */
export function endsWithAny(suffixes: readonly string[]): TextTest {
  if (suffixes.length >= TRIE_FROM) return trieTest(suffixes, (text, at) => text.charCodeAt(text.length - 1 - at));
  return either(suffixes.map((suffix): TextTest => (text) => text.endsWith(suffix)));
}

interface TrieNode {
  readonly next: Map<number, TrieNode>;
  ends: boolean;
}

function trieTest(texts: readonly string[], unitAt: (text: string, at: number) => number): TextTest {
  const root: TrieNode = { next: new Map(), ends: false };
  for (const text of texts) {
    let node = root;
    for (let at = 0; at < text.length; at++) {
      const unit = unitAt(text, at);
      let next = node.next.get(unit);
      if (next === undefined) node.next.set(unit, (next = { next: new Map(), ends: false }));
      node = next;
    }
    node.ends = true;
  }
  return (text) => {
    let node: TrieNode | undefined = root;
    for (let at = 0; node !== undefined; at++) {
      if (node.ends) return true;
      if (at === text.length) return false;
      node = node.next.get(unitAt(text, at));
    }
    return false;
  };
}
