// Each example runs, and says what it promises.
import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { at, runProgram } from './run.js'

const promises: Record<string, string> = {
  'hello.ts': 'The capital of France is Paris.\n',
  'conversation.ts':
    'My name is Zoe. Nice to meet you, Zoe. (25 of 25 tokens were new)\n' +
    'What is my name? Your name is Zoe. (15 of 48 tokens were new)\n' +
    'What is the opposite of hot? The opposite of hot is cold. (18 of 72 tokens were new)\n',
  'many-callers.ts': "{ 'The capital of Peru is Lima.': 12, 'queue-full': 8 }\n",
  'extract.ts': 'Zoe, 31, of Oslo\n',
  'tested-app.ts': 'all good\n',
}

it('every example makes a promise', () => {
  expect(readdirSync(at('src')).sort()).toEqual(Object.keys(promises).sort())
})

it.each(Object.entries(promises))('%s', async (name, output) => {
  expect(await runProgram(at(`src/${name}`))).toBe(output)
})
