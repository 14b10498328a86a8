// Options of Anthropic's own tools: what the service does not take does not compile.
import { runTools } from '@patchbay/core'
import { expectTypeOf, it } from 'vitest'
import { claude } from './index.js'

it('options of server tools are checked by the compiler', () => {
  claude.tools.webSearch({ maxUses: 3, allowedDomains: ['example.com'] })
  // @ts-expect-error a misspelled option
  claude.tools.webSearch({ maxUse: 3 })
  // @ts-expect-error one list or the other
  claude.tools.webSearch({ allowedDomains: ['a.example'], blockedDomains: ['b.example'] })
  // @ts-expect-error a number
  claude.tools.webFetch({ maxUses: '3' })
  // @ts-expect-error no such tool at this maker
  claude.tools.imageGeneration()
  // @ts-expect-error the size of the screen is needed
  claude.tools.computer({})
})

it('the action of the computer has a type', () => {
  const computer = claude.tools.computer({ width: 1, height: 1, run: ({ action }) => action })
  expectTypeOf(computer.name).toEqualTypeOf<'computer'>()
  runTools(claude('claude-opus-5'), { messages: 'Hi.', tools: [computer, claude.tools.webSearch()] })
  void claude('claude-opus-5').chat({
    messages: 'Hi.',
    tools: [claude.tools.webSearch()],
    toolChoice: { name: 'web_search' },
  })
})
