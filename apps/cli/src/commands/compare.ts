// `patchbay compare`: one question, several providers, side by side.

import { connectTo, type Loaded } from '@patchbay/config'
import { type ChatResponse, isLlmError, type LlmError } from '@patchbay/core'
import { write } from '../terminal/answer.js'
import { errorLine, UsageError } from '../terminal/exit-codes.js'
import { dim, statsLine, toJson } from '../terminal/print.js'
import { type AskFlags, questionOf, toRequest } from './ask.js'

type Outcome = { name: string; response: ChatResponse } | { name: string; error: LlmError }

/** Asks all of them at once, writes their answers in order, and says whether all of them answered. */
export async function compare(
  loaded: Loaded,
  names: string[],
  words: string[],
  flags: AskFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const question = await questionOf(words, flags, signal)
  if (question === '')
    throw new UsageError('Ask something: patchbay compare "What is the capital of France?"')
  const options = { signal, ...(flags.timeout !== undefined && { timeout: flags.timeout * 1000 }) }
  const outcomes = names.map(async (name): Promise<Outcome> => {
    try {
      await using llm = await connectTo(loaded, name)
      // As a stream, or nobody could tell when the first token came.
      const stream = llm.stream(toRequest(question, flags), options)
      for await (const _ of stream.text);
      return { name, response: await stream.response() }
    } catch (error) {
      if (isLlmError(error) && error.code !== 'aborted') return { name, error }
      throw error
    }
  })
  // They are awaited one after the other, and one may fail before its turn: on Ctrl-C all of them do.
  for (const outcome of outcomes) outcome.catch(() => {})
  if (flags.json) {
    const all = await Promise.all(outcomes)
    await write(`${toJson(all.map(asJson), 2)}\n`)
  } else
    for (const outcome of outcomes) {
      const one = await outcome
      writeStyled(`── ${one.name}`)
      if ('error' in one) await write(`${errorLine(one.error)}\n\n`)
      else {
        await write(`${one.response.text.trimEnd()}\n`)
        writeStyled(`${statsLine(one.response)}\n`)
      }
    }
  return (await Promise.all(outcomes)).every((one) => 'response' in one)
}

/** What is ours to say, dimmed. */
function writeStyled(text: string): void {
  process.stdout.write(`${dim(text, process.stdout)}\n`)
}

function asJson(outcome: Outcome): object {
  if ('response' in outcome) return outcome
  const { code, message } = outcome.error
  return { name: outcome.name, error: { code, message } }
}
