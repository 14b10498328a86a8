// The warnings of a call as a response header: in the client's field names, ASCII, and bounded.
import type { Warning } from '@patchbay/core'
import { type Asked, isForClient, warningForClient } from './client-errors.js'

/** The header: a list of texts, as JSON in ASCII. */
export const warningsHeader = 'x-patchbay-warnings'

// Proxies and clients take some KB of headers in all. What does not fit is left out.
const mostLetters = 150
const mostBytes = 1000

/** So many are told at most, the first ones: a long conversation may have thousands of a kind. */
export const mostWarnings = 100

/** Nothing where there is nothing to warn of. */
export function warningHeaders(
  warnings: readonly Warning[],
  asked: Asked | undefined,
): Record<string, string> {
  const own = warnings.filter(isForClient).slice(0, mostWarnings)
  if (own.length === 0) return {}
  const texts: string[] = []
  let bytes = 2
  for (const text of new Set(own.map((warning) => warningForClient(warning, asked)))) {
    const written = ascii(JSON.stringify(text.slice(0, mostLetters)))
    if (bytes + written.length + 1 > mostBytes) continue
    bytes += written.length + 1
    texts.push(written)
  }
  return { [warningsHeader]: `[${texts.join(',')}]` }
}

function ascii(json: string): string {
  return json.replaceAll(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
