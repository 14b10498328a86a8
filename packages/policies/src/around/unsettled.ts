// An answer whose accounts could not be closed is an answer all the same.
import type { Answer } from './passing.js'

/** The answer, with a warning where what `settle` does fails. */
export async function unsettled(
  answer: Answer,
  policy: string,
  settle: () => Promise<void>,
): Promise<Answer> {
  try {
    await settle()
    return answer
  } catch (cause) {
    if (typeof answer !== 'object' || !('warnings' in answer)) return answer
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = `What this call took could not be written down: ${why}`
    return { ...answer, warnings: [...answer.warnings, { code: 'other', feature: policy, message }] }
  }
}
