// Warnings about models that their service stops serving soon.
const day = 86_400_000
const soon = 60

/**
 * The warning for a model that ends within 60 days or has ended.
 * @param endOfLife the last day, as `YYYY-MM-DD`
 */
export function endOfLifeWarning(
  model: string,
  endOfLife: string | undefined,
  now: number,
): string | undefined {
  const end = Date.parse(endOfLife ?? '')
  if (Number.isNaN(end)) return undefined
  const days = Math.ceil((end - now) / day)
  if (days > soon) return undefined
  const when =
    days > 1
      ? `ends in ${days} days, on ${endOfLife}`
      : days >= 0
        ? `ends on ${endOfLife}`
        : `ended on ${endOfLife}`
  return `${model} ${when}. Choose another model.`
}
