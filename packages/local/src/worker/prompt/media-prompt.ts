// Prompts with images and sound: the rendered text with the engine's marker for each of them.
import { createHash } from 'node:crypto'
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { ChatMedia } from '../../supervisor/protocol.js'
import type { MediaPrompt } from '../engine/sequence.js'
import { JobError } from '../failure.js'
import type { RenderedPrompt } from './chat-template.js'
import { tokenizeRest } from './message-text.js'

/**
 * The prompt for an engine that takes images and sound: as text, which it tokenises itself.
 * @throws {JobError} `unsupported` for text that would become a control token there, and for a template that leaves out an image
 */
export function mediaPrompt(
  model: Pick<LlamaModel, 'tokenize' | 'tokens'>,
  { pieces }: Pick<RenderedPrompt, 'pieces'>,
  { mark, data }: ChatMedia,
  marker: string,
): MediaPrompt {
  const { bosString, shouldPrependBosToken } = model.tokens
  // The engine puts this token in front by itself.
  const begin = (shouldPrependBosToken && bosString) || ''
  const [first = '', ...others] = pieces
    .map(({ text }) => text)
    .filter((text, index) => index > 0 || text !== begin)
  const text = first.startsWith(begin) ? first.slice(begin.length) : first
  if (others.length > 0 || text.includes(marker))
    throw new JobError(
      'unsupported',
      'A message has text of a control token of this model. Beside images and sound, llama-server cannot keep it apart. Remove one or the other.',
    )
  const texts = text.split(mark)
  if (texts.length !== data.length + 1)
    throw new JobError(
      'unsupported',
      "The model's chat template leaves out an image or a sound, or repeats it. Move it to the last message of the user.",
    )
  return {
    text: texts.join(marker),
    data: data.map(({ base64 }) => base64),
    tokens: texts.flatMap((part, index) => [
      ...(index === 0 ? model.tokenize(part, true) : [standIn(data[index - 1]?.base64 ?? '')]),
      ...(index === 0 ? [] : tokenizeRest(model, part)),
    ]),
  }
}

/** A negative number that depends on the bytes. */
function standIn(base64: string): Token {
  return (-1 - (createHash('sha256').update(base64).digest().readUInt32BE() >>> 1)) as Token
}
