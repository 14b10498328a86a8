// Content and options of LangChain that Patchbay does not support: each is named by an error or a warning.
import { LlmError, type Warning } from '@patchbay/core'

/** Reports what cannot be carried. */
export interface Lost {
  /**
   * Something the model was meant to get: a block, a message, a tool.
   * @returns nothing of it, where the request says `onUnsupported: 'warn'`
   * @throws {LlmError} `unsupported`, otherwise
   */
  whole(what: string): []
  /** A detail of what is carried: always a warning. */
  detail(what: string, hint?: string): void
  /** Something that is carried in another way: always a warning, in these words. */
  changed(what: string, message: string): void
}

/** Adds to the warnings, once for each thing. */
export function lossReporter(warnings: Warning[], lenient: boolean): Lost {
  const told = new Set<string>()
  const changed = (what: string, message: string) => {
    if (told.has(what)) return
    told.add(what)
    warnings.push({ code: 'unsupported', feature: what, message })
  }
  const detail = (what: string, hint = '') =>
    changed(what, `Patchbay has no place for ${what}; it was left out.${hint}`)
  return {
    changed,
    detail,
    whole(what) {
      if (!lenient)
        throw new LlmError(
          'unsupported',
          `Patchbay has no place for ${what}. Leave it out, or write it in another way.`,
        )
      detail(what)
      return []
    },
  }
}
