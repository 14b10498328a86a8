// Reports content of LangChain that Patchbay does not support: each is named by an error or a warning.
import { LlmError, type Warning } from '@patchbay/core'

/** Reports content that Patchbay does not support. */
export interface Lost {
  /**
   * Content for the model that is left out: a block, a message, a tool.
   * @returns no parts, if the request has `onUnsupported: 'warn'`
   * @throws {LlmError} `unsupported` otherwise
   */
  whole(what: string): []
  /** A detail that is left out: always a warning. */
  detail(what: string, hint?: string): void
  /** Content that is sent in another form: always a warning, with this message. */
  changed(what: string, message: string): void
}

/** Adds warnings, once for each kind of content. */
export function lossReporter(warnings: Warning[], lenient: boolean): Lost {
  const reported = new Set<string>()
  const changed = (what: string, message: string) => {
    if (reported.has(what)) return
    reported.add(what)
    warnings.push({ code: 'unsupported', feature: what, message })
  }
  const detail = (what: string, hint = '') =>
    changed(what, `Patchbay does not support ${what}; it was left out.${hint}`)
  return {
    changed,
    detail,
    whole(what) {
      if (!lenient)
        throw new LlmError(
          'unsupported',
          `Patchbay does not support ${what}. Leave it out, or write it in another form.`,
        )
      detail(what)
      return []
    },
  }
}
