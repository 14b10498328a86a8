// Prefixes: evaluated once for all calls that share one, and saved for the next process with `keepPrefixes`.
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  failureOf,
  open,
  openRandom,
  readFirstText,
  temporaryFolder,
  waitUntil,
} from '../../test/fixtures.js'
import { writeRandomModel } from '../../test/random-model.js'

const rules = 'Be brief and kind. '.repeat(60)
const ask = (question: string) => ({ system: rules, messages: question, maxOutputTokens: 24 })
const questions = ['One?', 'Two, please?', 'And three?', 'What of four?']

describe('a shared prefix', () => {
  it('is evaluated once for calls at the same time, and their answers are the same as alone', async () => {
    const llm = openRandom({ context: 2048 }, { parallel: 4 })
    await llm.capabilities()
    const together = await Promise.all(questions.map((question) => llm.chat(ask(question))))
    const cached = together.map(({ usage }) => usage.cachedInputTokens ?? 0).sort((a, b) => a - b)
    // One evaluates, the others take over all but their own question.
    expect(cached[0]).toBe(0)
    for (const count of cached.slice(1)) expect(count).toBeGreaterThan(rules.length * 0.9)
    // So too when the sequences are full of something else.
    const others = await Promise.all(
      questions.map((messages) => llm.chat({ system: `Other ${rules}`, messages, maxOutputTokens: 2 })),
    )
    const again = others.map(({ usage }) => usage.cachedInputTokens ?? 0).sort((a, b) => a - b)
    expect(again[0]).toBeLessThan(rules.length / 2)
    for (const count of again.slice(1)) expect(count).toBeGreaterThan(rules.length * 0.9)

    const alone = openRandom({ context: 2048 }, { parallel: 1 })
    for (const [index, question] of questions.entries())
      expect((await alone.chat(ask(question))).text).toBe(together[index]?.text)
  })

  it('is copied from a call that is still running', async () => {
    const llm = openRandom({ context: 2048 }, { parallel: 2 })
    const talking = llm.stream({ system: rules, messages: 'Talk!' })
    await readFirstText(talking)
    const { usage } = await llm.chat(ask('One?'))
    expect(usage.cachedInputTokens).toBeGreaterThan(rules.length * 0.9)
    talking.abort()
    await failureOf(talking.response())
  })

  it('that is aborted half way is continued by the call that waits for it', async () => {
    // Slow enough to be met in the middle of its prompt.
    const llm = openRandom({ layers: 6, width: 256, heads: 8, context: 4096 }, { parallel: 2 })
    await llm.capabilities()
    const long = 'word '.repeat(700)
    const leader = new AbortController()
    const first = llm.chat({ messages: `${long} one`, maxOutputTokens: 2 }, { signal: leader.signal })
    const second = llm.chat({ messages: `${long} two`, maxOutputTokens: 2 })
    await waitUntil(() => llm.stats().running === 2)
    leader.abort()
    expect(await failureOf(first)).toMatchObject({ code: 'aborted' })
    expect((await second).usage.outputTokens).toBe(2)
    expect(llm.stats()).toMatchObject({ running: 0, queued: 0, restarts: 0 })
  })

  it('is not waited for by an aborted call', async () => {
    const llm = openRandom({ layers: 6, width: 256, heads: 8, context: 4096 }, { parallel: 2 })
    await llm.capabilities()
    const long = 'word '.repeat(700)
    const first = llm.chat({ messages: `${long} one`, maxOutputTokens: 2 })
    const gone = new AbortController()
    const second = llm.chat({ messages: `${long} two` }, { signal: gone.signal })
    await waitUntil(() => llm.stats().running === 2)
    gone.abort()
    expect(await failureOf(second)).toMatchObject({ code: 'aborted' })
    await waitUntil(() => llm.stats().running === 1)
    expect((await first).usage.outputTokens).toBe(2)
  })
})

describe('saved prefixes', () => {
  const settings = (cacheDir: string) => ({ keepPrefixes: true, cacheDir, parallel: 2, context: 2048 })

  it('are loaded by the next process, and the answer is the same', async () => {
    const cacheDir = temporaryFolder()
    const model = writeRandomModel(join(cacheDir, 'random.gguf'))
    const first = open({ model, defaults: { temperature: 0 }, ...settings(cacheDir) })
    const before = await first.chat(ask('One?'))
    await first.close()

    const second = open({ model, defaults: { temperature: 0 }, ...settings(cacheDir) })
    const after = await second.chat(ask('One?'))
    expect(second.stats().loaded?.restored).toBe(1)
    expect(after.text).toBe(before.text)
    expect(before.usage.cachedInputTokens).toBe(0)
    expect(after.usage.cachedInputTokens).toBe((after.usage.inputTokens ?? 0) - 1)
    await second.close()

    // Another form of the same model has no use for them, and puts its own in their place.
    const other = open({ model, ...settings(cacheDir), context: 1024 + 512 })
    expect((await other.chat(ask('One?'))).usage.cachedInputTokens).toBe(0)
    await other.close()
    const kept = readdirSync(join(cacheDir, 'prefixes'), { recursive: true, encoding: 'utf8' })
    expect(kept.filter((name) => name.endsWith('.state'))).toHaveLength(1)
  })

  it('that are damaged are evaluated again, once', async () => {
    const cacheDir = temporaryFolder()
    const model = writeRandomModel(join(cacheDir, 'random.gguf'))
    const first = open({ model, ...settings(cacheDir) })
    await first.chat(ask('One?'))
    await first.close()
    const dir = join(cacheDir, 'prefixes')
    const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.state'),
    )
    for (const name of names) writeFileSync(join(dir, name), 'no state at all')

    const second = open({ model, ...settings(cacheDir) })
    expect((await second.chat(ask('One?'))).usage.cachedInputTokens).toBe(0)
    expect(second.stats()).toMatchObject({ restarts: 0, loaded: { restored: 0 } })
    await second.close()
    expect(names.every((name) => statSync(join(dir, name)).size > 1000)).toBe(true)
  })

  it('that cannot be saved are logged, and the process ends all the same', async () => {
    const cacheDir = temporaryFolder()
    writeFileSync(join(cacheDir, 'prefixes'), 'no folder')
    const heard: string[] = []
    const llm = open({ ...settings(cacheDir), onLog: (_, message) => heard.push(message) })
    await llm.chat(ask('One?'))
    await llm.close()
    expect(heard.join()).toMatch(/At its end: .*prefixes/)
  })

  it('are only saved with keepPrefixes', async () => {
    const cacheDir = temporaryFolder()
    const llm = open({ cacheDir })
    await llm.chat({ system: rules.slice(0, 900), messages: 'hi' })
    await llm.close()
    expect(readdirSync(cacheDir)).not.toContain('prefixes')
  })
})
