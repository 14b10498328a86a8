// The failure of a reader of tool calls, and the depth of values that it counts.

/** The text is not what the format says: it is no call. */
export class NotACall extends Error {}

/** Objects and lists within each other. */
export interface Nesting {
  /** @throws {NotACall} if one more is too many */
  enter(): void
  leave(): void
}
