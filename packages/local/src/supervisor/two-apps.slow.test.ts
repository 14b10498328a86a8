// Two apps that use the same model at the same time, with both engines: neither notices the other, nor its end.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { app } from '../../test/app.js'
import { engines, running, testedEngine } from '../../test/engines.js'
import { open, temporaryFolder, waitUntil } from '../../test/fixtures.js'
import { writeRandomModel } from '../../test/random-model.js'

describe.each(engines)('two apps with one model, with $name', ({ name, skipped }) => {
  it.skipIf(skipped)(
    'get their answers, and one goes on when the other is killed',
    { timeout: 300_000 },
    async () => {
      const engine = testedEngine(name)
      const model = writeRandomModel(join(temporaryFolder(), 'random.gguf'))
      const options = { model, threads: 1, cacheDir: temporaryFolder(), ...engine.options }
      const talk = `const llm = local(${JSON.stringify(options)})
      const stream = llm.stream({ messages: 'talk', temperature: 0, maxOutputTokens: 400 })
      let text = ''
      for await (const piece of stream.text) {
        if (text === '') tell('text')
        text += piece
        // As slow as a reader, so that the other one's end comes in the middle.
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      tell(JSON.stringify([text, (await stream.response()).usage.outputTokens, llm.stats().restarts]))
      await llm.close()`
      const [first, second] = [app(talk), app(talk)]
      expect(await Promise.all([first.nextLine(), second.nextLine()])).toEqual(['text', 'text'])
      first.process.kill('SIGKILL')
      expect(await first.exitCode()).toBe('SIGKILL')
      const [text, tokens, restarts] = JSON.parse(await second.nextLine())
      expect([tokens, restarts]).toEqual([400, 0])
      expect(await second.exitCode()).toBe(0)
      await waitUntil(() => running(engine).length === 0)

      const alone = open({ ...options, defaults: { temperature: 0 } })
      expect((await alone.chat({ messages: 'talk', maxOutputTokens: 400 })).text).toBe(text)
    },
  )

  it.skipIf(skipped)(
    'keep their evaluated prompts when they end at the same time',
    { timeout: 300_000 },
    async () => {
      const engine = testedEngine(name)
      const cacheDir = temporaryFolder()
      const model = writeRandomModel(join(temporaryFolder(), 'random.gguf'))
      const logged: string[] = []
      const request = { system: 'Be brief and kind. '.repeat(20), messages: 'a', maxOutputTokens: 2 }
      const openOne = (context: number) =>
        open({
          ...{ model, cacheDir, keepPrefixes: true, parallel: 1, context, ...engine.options },
          onLog: (level, message) => level === 'warn' && logged.push(message),
        })
      for (let round = 0; round < 2; round++) {
        // Two with the same settings, and one whose prompts are of no use to them.
        const apps = [openOne(1024), openOne(1024), openOne(1536)]
        await Promise.all(apps.map((llm) => llm.chat(request)))
        await Promise.all(apps.map((llm) => llm.close()))
        const files = readdirSync(join(cacheDir, 'prefixes'), { recursive: true, encoding: 'utf8' })
        expect(files.some((file) => file.endsWith('.state'))).toBe(true)
        expect(files.filter((file) => /\.state\./.test(file))).toEqual([])
      }
      expect(logged.filter((message) => message.includes('did not end cleanly'))).toEqual([])
      await openOne(1024)
        .chat(request)
        .then((response) => expect(response.usage.outputTokens).toBe(2))
    },
  )
})
