// The warnings of a call as a response header: in the client's field names, in ASCII, of limited length.
import type { Warning } from '@patchbay/core'
import { type ErrorContext, isForClient, warningForClient } from './client-errors.js'

/** The header: a JSON list of texts, in ASCII. */
export const warningsHeader = 'x-patchbay-warnings'

// Proxies and clients accept some KB of headers in total. What does not fit is left out.
const maxCharacters = 150
const maxBytes = 1000

/** Only the first hundred are reported: a long conversation may have thousands of one kind. */
export const maxWarnings = 100

/** The header; empty without warnings. */
export function warningHeaders(
  warnings: readonly Warning[],
  errorContext: ErrorContext | undefined,
): Record<string, string> {
  const reported = warnings.filter(isForClient).slice(0, maxWarnings)
  if (reported.length === 0) return {}
  const texts: string[] = []
  let bytes = 2
  for (const text of new Set(reported.map((warning) => warningForClient(warning, errorContext)))) {
    const json = toAscii(JSON.stringify(text.slice(0, maxCharacters)))
    if (bytes + json.length + 1 > maxBytes) continue
    bytes += json.length + 1
    texts.push(json)
  }
  return { [warningsHeader]: `[${texts.join(',')}]` }
}

function toAscii(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
