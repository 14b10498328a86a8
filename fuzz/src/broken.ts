// Error of a broken invariant.
export class Broken extends Error {}
