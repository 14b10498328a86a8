// Frames of an answer: marks around its text that are no text, as in gpt-oss's channels or Command's responses.
// Last compared with its sources on 2026-11-27.
// Sources: the chat templates of the models themselves on Hugging Face, most of them as llama.cpp keeps them in `models/templates`
// under the names of their repositories (openai/gpt-oss-120b, CohereForAI/c4ai-command-r7b-12-2024, moonshotai/Kimi-K2-Instruct).
import type { ThinkingFormat } from './thinking-format.js'

export interface Frames {
  /** Marks that are removed from an answer. */
  marks: readonly string[]
  /** Marks with the name of a tool in them, before its calls; `NAME` stands for it. */
  toolMarks?: readonly string[]
  /** Thoughts may come between texts and calls, not only before them. */
  repeatedThoughts?: boolean
  /** The thinking, if the template is known to have this one. */
  thinking?: ThinkingFormat
  /** What begins an answer that is not thought about. */
  answer?: string
  /** What the prompt ends with, and belongs to the answer's first mark or call. */
  begun?: string
  /** What stands between the end of a thought and `answer`, if anything does. */
  head?: string
}

interface KnownFrames extends Frames {
  /** Texts by which the template is recognised: it holds all of them. */
  texts: string[]
}

const knownFrames: KnownFrames[] = [
  // gpt-oss (harmony).
  {
    texts: ['<|channel|>', '<|message|>', 'analysis'],
    marks: [
      '<|start|>assistant',
      '<|channel|>final<|message|>',
      '<|channel|>commentary<|message|>',
      '<|end|>',
    ],
    repeatedThoughts: true,
    thinking: { open: '<|channel|>analysis<|message|>', close: '<|end|>' },
    answer: '<|channel|>final<|message|>',
    head: '<|start|>assistant',
  },
  // Muse.
  {
    texts: ['to=self<|message|>', '<|eom|>'],
    marks: ['<|start|>assistant to=user<|message|>', '<|start|>assistant', ' to=user<|message|>', '<|eom|>'],
    repeatedThoughts: true,
    toolMarks: [' to=NAME<|message|>', '<|start|>assistant to=NAME<|message|>'],
    thinking: { open: ' to=self<|message|>', close: '<|eom|>' },
    answer: ' to=user<|message|>',
    head: '<|start|>assistant',
  },
  // Command R7B and Command A.
  {
    texts: ['<|START_RESPONSE|>', '<|START_ACTION|>'],
    marks: ['<|START_RESPONSE|>', '<|END_RESPONSE|>'],
    thinking: { open: '<|START_THINKING|>', close: '<|END_THINKING|>' },
    answer: '<|START_RESPONSE|>',
  },
  {
    texts: ['<|START_TEXT|>', '<|START_ACTION|>'],
    marks: ['<|START_TEXT|>', '<|END_TEXT|>'],
    thinking: { open: '<|START_THINKING|>', close: '<|END_THINKING|>' },
    answer: '<|START_TEXT|>',
  },
  // Kimi K3.
  {
    texts: ['<|open|>', '<|sep|>', 'response'],
    marks: ['<|open|>response<|sep|>', '<|close|>response<|sep|>', '<|close|>message<|sep|>'],
    thinking: { open: '<|open|>think<|sep|>', close: '<|close|>think<|sep|>' },
    answer: '<|open|>response<|sep|>',
  },
  // Solar.
  {
    texts: ['<|think|>', '<|content|>', '<|begin|>'],
    marks: ['<|begin|>assistant', '<|content|>', '<|end|>'],
    repeatedThoughts: true,
    thinking: { open: '<|think|>', close: '<|end|>' },
    answer: '<|content|>',
    head: '<|begin|>assistant',
  },
  // Granite 3.3.
  {
    texts: ['<response></response>', '<think></think>'],
    marks: ['<response>', '</response>'],
    thinking: { open: '<think>', close: '</think>' },
    head: '<response>',
  },
  // Apriel 1.6: the prompt begins the thinking, without a sign.
  {
    texts: ['[BEGIN FINAL RESPONSE]', 'Here are my reasoning steps:\\n'],
    marks: ['[END FINAL RESPONSE]'],
    thinking: { open: 'Here are my reasoning steps:', close: '[BEGIN FINAL RESPONSE]' },
  },
  { texts: ['<|channel>thought'], marks: [], thinking: { open: '<|channel>thought', close: '<channel|>' } },
  {
    texts: ['<|inner_prefix|>'],
    marks: [],
    thinking: { open: '<|inner_prefix|>', close: '<|inner_suffix|>' },
  },
  { texts: ['</seed:think>'], marks: [], thinking: { open: '<seed:think>', close: '</seed:think>' } },
  { texts: ['</mm:think>'], marks: [], thinking: { open: '<mm:think>', close: '</mm:think>' } },
  // MiniMax M1, whose template knows nothing of its thinking.
  { texts: ['<beginning_of_sentence>ai name='], marks: [], thinking: { open: '<think>', close: '</think>' } },
  // Hunyuan 3, whose signs have a suffix.
  {
    texts: ['<think{}>', "':opensource'"],
    marks: [],
    thinking: { open: '<think:opensource>', close: '</think:opensource>' },
  },
  // Functionary 3.2: an answer is a message to `all`, or to a tool.
  { texts: ['recipient==all', '>>>all'], marks: ['>>>all\n'], begun: '>>>', answer: 'all\n' },
  // GigaChat 3.
  { texts: ['function call<|role_sep|>'], marks: ['assistant<|role_sep|>', '<|message_sep|>'] },
]

export function detectFrames(source: string): Frames {
  return knownFrames.find(({ texts }) => texts.every((text) => source.includes(text))) ?? { marks: [] }
}
