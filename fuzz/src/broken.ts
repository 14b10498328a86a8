// Error of a broken invariant.
/** A law is broken. */
export class Broken extends Error {}
