// The contract suite notices a backend that drops a part, an option or a tool setting in silence.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

it('fails for each of them, by name', async () => {
  const args = [vitest, 'run', '--config', 'test/dropping.config.ts', '-t', 'silently lost']
  const child = spawn(process.execPath, args, { cwd: root })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  await new Promise((resolve) => child.on('close', resolve))
  const { testResults } = JSON.parse(out.slice(out.indexOf('{'))) as {
    testResults: { assertionResults: { title: string; status: string }[] }[]
  }
  const titles = (wanted: string) =>
    testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === wanted).map(({ title }) => title),
    )
  const failed = titles('failed').join('\n')
  for (const lost of [
    'the bytes of an image (user)',
    'reasoning (assistant)',
    'the name and input of a call',
    'the words of a result',
    'a cache breakpoint is sent, or named: user',
    'the option temperature',
    'the option stop',
    'the option output',
    'the option reasoning',
    'the option toolChoice',
    'the option parallelToolCalls',
    'tools arrive with their names',
  ])
    expect(failed).toContain(lost)
  expect(titles('passed').join('\n')).toContain('a text (user) is sent, or named')
})
