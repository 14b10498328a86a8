// Options of Google's own tools: what the service does not take does not compile.
import { it } from 'vitest'
import { gemini } from './index.js'

it('options of server tools are checked by the compiler', () => {
  gemini.tools.googleSearch({ since: new Date(0), until: new Date(1) })
  gemini.tools.googleSearch({ excludedDomains: ['example.com'] })
  // @ts-expect-error the range has two ends
  gemini.tools.googleSearch({ since: new Date(0) })
  // @ts-expect-error no service takes both
  gemini.tools.googleSearch({ since: new Date(0), until: new Date(1), excludedDomains: ['example.com'] })
  // @ts-expect-error a misspelled option
  gemini.tools.googleSearch({ maxUses: 3 })
  // @ts-expect-error the stores are needed
  gemini.tools.fileSearch({})
  // @ts-expect-error it has none
  gemini.tools.codeExecution({ container: 'c' })
})
