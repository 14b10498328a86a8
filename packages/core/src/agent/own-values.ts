// The values of streamObject and streamElements: an app's own objects, which may look like events.

/** Objects that are an app's values and not events. */
export const ownValues = new WeakSet<object>()

/** The value, known as an app's own from now on. */
export function asOwnValue<T>(value: T): T {
  if (typeof value === 'object' && value !== null) ownValues.add(value)
  return value
}
