// Thinking of all families: read, switched off, and given back, with the templates' own signs and options.
import { join } from 'node:path'
import type { ChatRequest } from '@patchbay/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/fixtures.js'
import { writeRandomModel } from '../../test/random-model.js'
import { thinkingTemplateOf, thinkingTemplates } from '../../test/thinking-templates.js'
import { readAnswer } from '../answer.js'
import { renderPrompt } from '../prompt.js'

const question: ChatRequest = { messages: 'What is 2 + 2?' }

describe.each(thinkingTemplates)('$family', (family) => {
  const { open, close, off, head = '', answer: [before, after] = ['', ''] } = family
  /** `signs`: the signs are tokens of the vocabulary, not letters. */
  const model = (signs: boolean) => {
    const texts = `${open}${close}${head}${before}${after}`.match(/<[^<>]+>|\[[^[\]]+\]/g)
    return writeRandomModel(join(temporaryFolder(), 'model.gguf'), {
      chatTemplate: thinkingTemplateOf(family),
      ...(signs && { controlTokens: [...new Set(texts)] }),
    })
  }
  const endOf = async (modelPath: string, more: object) => {
    const { text } = await renderPrompt({ modelPath, request: { ...question, ...more } })
    return text.slice(text.lastIndexOf('<|im_start|>assistant\n') + '<|im_start|>assistant\n'.length)
  }

  it.each(
    family.lettersOnly ? [false] : [false, true],
  )('is read, in pieces of any size (signs as tokens: %s)', async (signs) => {
    const modelPath = model(signs)
    for (const reasoning of [undefined, 'high'] as const) {
      const state = reasoning === undefined ? family.default : family.on
      const thought =
        state === 'does not think' ? '' : `${state === 'thinks' ? '' : open}\nTwo < three.\nSo 4.\n${close}`
      const written = `${thought}${thought && head}${before}It is <b>4</b>.${after}`
      const request = { ...question, ...(reasoning && { reasoning }) }
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(written.length), { maxLength: 12 }), async (cuts) => {
          // A control token is one token, wherever the text is cut.
          const at = signs ? [0, written.length] : [0, ...cuts.sort((a, b) => a - b), written.length]
          const text = at.slice(1).map((end, index) => written.slice(at[index], end))
          expect(await readAnswer({ modelPath, request, text })).toMatchObject({
            reasoning: thought === '' ? '' : 'Two < three.\nSo 4.',
            text: 'It is <b>4</b>.',
          })
        }),
        { numRuns: signs ? 1 : 5 },
      )
    }
  })

  it('may be left out by the model, and is switched off in its own way', async () => {
    const modelPath = model(false)
    const end = await endOf(modelPath, { reasoning: 'off' })
    if (off === undefined) expect(end).not.toContain(close)
    else expect(end.endsWith(off)).toBe(true)
    const text = `${end.endsWith(before) ? '' : before}Four.`
    expect(await readAnswer({ modelPath, request: { ...question, reasoning: 'off' }, text })).toMatchObject({
      reasoning: '',
      text: 'Four.',
    })
  })

  it('does not stand before JSON that was not asked to be thought about', async () => {
    const modelPath = model(false)
    const request: ChatRequest = { ...question, output: 'json' }
    expect(await readAnswer({ modelPath, request, text: '{"a": 4}' })).toMatchObject({
      reasoning: '',
      text: '{"a": 4}',
    })
  })

  it('stands before JSON that is to be thought about, with the frame of the answer after it', async () => {
    const modelPath = model(false)
    const request: ChatRequest = { ...question, output: 'json', reasoning: 'high' }
    expect((await endOf(modelPath, { output: 'json', reasoning: 'high' })).trimEnd().endsWith(open)).toBe(
      true,
    )
    const written = `Two < three.\n${close}${head}${before}{"a": 4}`
    for (const text of [written, [...written]])
      expect(await readAnswer({ modelPath, request, text })).toMatchObject({
        reasoning: 'Two < three.',
        text: '{"a": 4}',
      })
  })

  it('is given back in later turns, where the template reads it', async () => {
    const content = [
      { type: 'reasoning', text: 'Two and two.' },
      { type: 'text', text: 'Four.' },
    ] as const
    const messages: ChatRequest['messages'] = [
      { role: 'user', content: 'What is 2 + 2?' },
      { role: 'assistant', content: [...content] },
      { role: 'user', content: 'And 3 + 3?' },
    ]
    const { text } = await renderPrompt({ modelPath: model(false), request: { messages } })
    expect(text).toContain('Two and two.')
    expect(text).toContain('Four.')
  })
})
