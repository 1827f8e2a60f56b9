/** What a definite path answers when it leads nowhere; null is a value. */
export const MISSING: unique symbol = Symbol('missing');
