/** A law is broken. */
export class Broken extends Error {}
