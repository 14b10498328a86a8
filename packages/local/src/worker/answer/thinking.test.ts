// Thinking and answer, separated however the tokens are split.
import fc from 'fast-check'
import type { LlamaGrammarEvaluationState, Token } from 'node-llama-cpp'
import { describe, expect, it } from 'vitest'
import { type ContentReader, TextReader } from './answer.js'
import { ThinkingReader } from './thinking.js'

const format = { open: '<think>', close: '</think>' }

/** A model whose tokens are these pieces of text; those of a list are control tokens. */
function model(pieces: string[], controls: string[] = []) {
  const textOf = (token: Token, special: boolean) => {
    const piece = pieces[token] ?? ''
    return controls.includes(piece) && !special ? '' : piece
  }
  return {
    detokenize: (tokens: readonly Token[], special = false) =>
      tokens.map((token) => textOf(token, special)).join(''),
    isSpecialToken: (token: Token | undefined) => controls.includes(pieces[token ?? -1] ?? ''),
  } as unknown as ConstructorParameters<typeof ThinkingReader>[0] &
    ConstructorParameters<typeof TextReader>[0]
}

function read(
  pieces: string[],
  { started = false, controls = [] as string[], stop = undefined as string[] | undefined } = {},
) {
  let thought = ''
  const fake = model(pieces, controls)
  const answer = new ThinkingReader(fake, format, started, new TextReader(fake, stop), (text) => {
    thought += text
  })
  let text = ''
  for (const index of pieces.keys()) {
    text += answer.push(index as Token)
    if (answer.endReason !== undefined) break
  }
  if (answer.endReason === undefined) text += answer.flush()
  return { thought, text, thoughtTokens: answer.thoughtTokens }
}

describe('thinking', () => {
  it('is separated from the answer, without the white space around both', () => {
    const pieces = ['<think>', '\n', 'Let me', ' see.', '\n', '</think>', '\n\n', 'It is', ' noon.']
    expect(read(pieces)).toEqual({ thought: 'Let me see.', text: 'It is noon.', thoughtTokens: 6 })
  })

  it('is the same however it is split', () => {
    const whole = '<think>\nA < b </thin k>\n\n so.\n</think>\n\nAnd <think> it is </think>.'
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), whole.length]
        const { thought, text } = read(at.slice(1).map((end, index) => whole.slice(at[index], end)))
        expect([thought, text]).toEqual(['A < b </thin k>\n\n so.', 'And <think> it is </think>.'])
      }),
    )
  })

  it('may be started by the prompt', () => {
    expect(read(['Hm', '.', '</think>', 'Yes.'], { started: true })).toEqual({
      thought: 'Hm.',
      text: 'Yes.',
      thoughtTokens: 3,
    })
  })

  it('may be written with control tokens', () => {
    const pieces = ['<think>', 'Hm.', '<|other|>', '</think>', 'Yes.']
    const controls = ['<think>', '</think>', '<|other|>']
    expect(read(pieces, { controls })).toMatchObject({ thought: 'Hm.', text: 'Yes.' })
  })

  it('is optional: the answer may begin at once', () => {
    expect(read(['  <', 'b', '>bold', ' text'])).toEqual({
      thought: '',
      text: '  <b>bold text',
      thoughtTokens: 0,
    })
    expect(read(['<thi'])).toEqual({ thought: '', text: '<thi', thoughtTokens: 0 })
  })

  it('that is cut off has no answer after it', () => {
    expect(read(['<think>', 'Hm', ' </thi'])).toEqual({ thought: 'Hm </thi', text: '', thoughtTokens: 3 })
  })

  it('is not ended by a stop string, but the answer is', () => {
    const pieces = ['<think>', 'END', '</think>', 'one', ' END', ' two']
    expect(read(pieces, { stop: ['END'] })).toMatchObject({ thought: 'END', text: 'one ' })
  })

  it('has no grammar, but the answer after it has', () => {
    const state = {} as LlamaGrammarEvaluationState
    const inner: ContentReader = {
      push: () => '',
      pushText: () => '',
      flush: () => '',
      endReason: undefined,
      stopSequence: undefined,
      inCall: false,
      grammar: () => state,
    }
    const answer = new ThinkingReader(model(['Hm', '</think>']), format, true, inner, () => {})
    expect(answer.grammar?.()).toBeUndefined()
    answer.push(0 as Token)
    expect(answer.grammar?.()).toBeUndefined()
    answer.push(1 as Token)
    expect(answer.grammar?.()).toBe(state)
  })
})
