// Rules of Chat Completions about the parts of a message that are no text: which types, and in which form.
import { first, type Json, listOf, type Problem, type Rule } from '../rule.js'

const hi = (model: string, ...parts: Json[]): Json => ({
  model,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi.' }, ...parts] }],
})
const url = 'data:image/png;base64,AAAA'
const image: Json = { type: 'image_url', image_url: { url } }
const linked: Json = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }
const file: Json = {
  type: 'file',
  file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' },
}
const sound = (format: string): Json => ({ type: 'input_audio', input_audio: { data: 'AAAA', format } })

const inParts =
  (find: (part: Json) => Problem | string | undefined): Rule['check'] =>
  ({ body }) =>
    first(
      listOf(body.messages).flatMap(({ content }) => listOf(content)),
      find,
    )

export const vllmMedia: readonly Rule[] = [
  {
    id: 'vllm/part-types',
    refuses: 'Files: parts are text, images, audio and video.',
    check: inParts(({ type }) => (type === 'file' ? 'Unknown part type: file' : undefined)),
    ...{ source: 'vllm-project/vllm entrypoints/chat_utils.py', date: '2026-08', sure: 'high' },
    example: { breaks: hi('any', file), mends: hi('any', image) },
  },
]

export const lmStudioMedia: readonly Rule[] = [
  {
    id: 'lmstudio/part-types',
    refuses: 'Parts other than text and image_url: no files and no audio.',
    check: inParts(({ type }) =>
      ['text', 'image_url'].includes(type)
        ? undefined
        : "Invalid 'content': 'content' objects must have a 'type' field that is either 'text' or 'image_url'.",
    ),
    ...{
      source: 'live errors in public projects with LM Studio, of files and of input_audio',
      date: '2026-07',
      sure: 'high',
    },
    example: { breaks: hi('qwen/qwen3-4b', file), mends: hi('qwen/qwen3-4b', image) },
  },
  {
    id: 'lmstudio/image-addresses',
    refuses: 'Addresses of images.',
    check: inParts(({ image_url: image }) =>
      /^https?:/.test(image?.url ?? '') ? "'url' field must be a base64 encoded image." : undefined,
    ),
    ...{
      source: 'lmstudio-ai/lmstudio-bug-tracker#1120; can1357/oh-my-pi#11933',
      date: '2026-09',
      sure: 'high',
    },
    example: { breaks: hi('qwen/qwen3-4b', linked), mends: hi('qwen/qwen3-4b', image) },
  },
]

export const deepseekMedia: readonly Rule[] = [
  {
    id: 'deepseek/part-types',
    refuses: 'Files and audio.',
    check: inParts(({ type }) =>
      ['file', 'input_audio'].includes(type)
        ? {
            message: `Failed to deserialize the JSON body into the target type: messages[0]: unknown variant \`${type}\`, expected \`text\``,
            status: 422,
          }
        : undefined,
    ),
    ...{ source: 'live errors in public projects with DeepSeek', date: '2026-07', sure: 'high' },
    example: { breaks: hi('deepseek-v4-pro', file), mends: hi('deepseek-v4-pro') },
  },
]

export const mistralMedia: readonly Rule[] = [
  {
    id: 'mistral/part-forms',
    refuses: "OpenAI's forms of files and audio: files are document_url, audio is its base64 alone.",
    check: inParts(({ type, file: own, input_audio: audio }) =>
      (type === 'file' && own !== undefined) || (type === 'input_audio' && typeof audio !== 'string')
        ? {
            ...{ status: 422, message: 'Extra inputs are not permitted', code: 'extra_forbidden' },
            param: 'messages.0.user.content',
          }
        : undefined,
    ),
    ...{
      source: 'vercel/ai convert-to-mistral-chat-messages.ts; docs.mistral.ai, chat with audio',
      date: '2026-08',
      sure: 'medium',
    },
    example: {
      breaks: hi('mistral-large-latest', file),
      mends: hi('mistral-large-latest', {
        type: 'document_url',
        document_url: 'data:application/pdf;base64,JVBE',
      }),
    },
  },
]

export const openaiMedia: readonly Rule[] = [
  {
    id: 'openai-chat/file-type',
    refuses: 'Files that are not PDF.',
    check: inParts(({ file: own }) => {
      const type = /^data:([^;]*)/.exec(own?.file_data ?? '')?.[1]
      return type === undefined || type === 'application/pdf'
        ? undefined
        : {
            message: `Invalid file data: 'messages[0].content[1].file.file_data'. Expected a base64-encoded data URL with an application/pdf MIME type, but got unsupported MIME type '${type}'.`,
            param: 'messages[0].content[1].file.file_data',
          }
    }),
    ...{ source: 'live errors in public projects', date: '2026-06', sure: 'high' },
    example: {
      breaks: hi('gpt-4o', {
        type: 'file',
        file: { filename: 'a.csv', file_data: 'data:text/csv;base64,YSxi' },
      }),
      mends: hi('gpt-4o', file),
    },
  },
  {
    id: 'openai-chat/audio-format',
    refuses: 'Audio that is not wav or mp3.',
    check: inParts(({ type, input_audio: audio }) =>
      type !== 'input_audio' || ['wav', 'mp3'].includes(audio?.format)
        ? undefined
        : {
            message: `Invalid value: '${audio?.format}'. Supported values are: 'wav' and 'mp3'.`,
            param: 'messages[0].content[1].input_audio.format',
          },
    ),
    ...{ source: 'openai/openai-openapi', date: '2026-08', sure: 'high' },
    example: { breaks: hi('gpt-4o', sound('flac')), mends: hi('gpt-4o', sound('wav')) },
  },
]
