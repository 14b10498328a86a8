// Rules for the requests to a server: what it accepts beside or instead of OpenAI's own API.
import type { OptionName } from '@patchbay/core'
import type { Effort, Vendor } from './model-families.js'

/** Rules for the requests to a server. */
export interface Dialect {
  /** The table that its models are looked up in. Default: none. */
  models?: Vendor
  /** Which turns get their reasoning back: none, those with tool calls, or all once there are tool calls. */
  reasoningTurns: 'none' | 'tool calls' | 'all'
  /** The only field for reasoning. Default: the field it came in. */
  reasoningField?: string
  /** The text of that field for a turn without reasoning. Default: no field. */
  reasoningPlaceholder?: string
  /** Whether system messages may stand anywhere, or only one at the beginning. */
  systemMessages: 'anywhere' | 'first'
  /** Whether it takes `prompt_cache_key`. */
  cacheKey: boolean
  /** The field for `seed`. */
  seed: 'seed' | 'random_seed'
  /** The values of `reasoning_effort` for models that no table has. Default: all but `max`. */
  efforts?: readonly Effort[]
  /** Fields that turn reasoning off. Default: `reasoning_effort: 'none'`. */
  reasoningOff?: Record<string, unknown>
  /** Fields that turn reasoning on, for models without levels. Default: `reasoning_effort`. */
  reasoningOn?: Record<string, unknown>
  /** The fields for a budget of reasoning tokens. Default: not supported. */
  budget?: (tokens: number) => Record<string, unknown>
  /** The fields that ask for log-probabilities, with so many alternatives for each token. */
  logprobs: (alternatives: number) => Record<string, unknown>
  /** Whether a stream with tools may have log-probabilities; otherwise the answer comes in one piece. */
  streamedLogprobs: boolean
  /** Options that it refuses for all models. */
  refuses: readonly OptionName[]
  /** The longest id of a tool call on Chat Completions, in characters. */
  maxIdLength: number
  /** The most stop sequences. */
  maxStops?: number
  /** The highest temperature. */
  maxTemperature?: number
  /** Whether `tool_choice` may name a tool. */
  namedToolChoice: boolean
  /** Whether assistant messages have a field `refusal`. */
  refusalField: boolean
  /** Whether tool messages have a field `name`. */
  toolNames: boolean
  /** Whether calls must have a thought signature: Gemini's, from version 3. */
  thoughtSignatures: boolean
  /** Text of an assistant message between a tool message and a user message, which may not be neighbours. */
  afterTools?: string
  /** The field that marks an assistant message at the end, which the model continues. */
  prefill?: string
  /** Whether answers must be streamed. */
  alwaysStreams: boolean
  /** Whether messages may contain files that are no text; text files are text in the request. */
  files: boolean
  /** The media types of files beside text. Default: any. */
  fileTypes?: readonly string[]
  /** The form of a file: OpenAI's part `file`, or Mistral's `document_url`. */
  fileForm: 'file' | 'document_url'
  /** Whether messages may contain the address of a file, or only its bytes. */
  fileAddresses: boolean
  /** Whether messages may contain audio. */
  audio: boolean
  /** The formats of audio, by OpenAI's names. */
  audioFormats: readonly string[] | 'any'
  /** The form of audio: OpenAI's object of data and format, or the data alone. */
  audioForm: 'object' | 'data'
  /** Whether messages may contain the address of an image, or only its bytes. */
  imageAddresses: boolean
  /** The media types of images. Default: any. */
  imageTypes?: readonly string[]
  /** Whether `response_format: { type: 'json_object' }` is taken and constrains answers; otherwise a schema of any object stands for it. */
  jsonObject: boolean
  /** Whether `response_format: { type: 'json_object' }` needs the word JSON in the messages. */
  jsonWord: boolean
  /** Whether the schema of a tool may have `anyOf`, `oneOf` and `allOf` at its top. */
  alternatives: boolean
  /** Whether every schema within the schema of a tool must have a type, and alternatives theirs: Moonshot's form. */
  typedSchemas: boolean
  /** Keywords that schemas of answers may not have. They must be closed, too, and require all properties. Default: any schema. */
  schemaRefuses?: readonly string[]
  /** Whether `strict` restricts schemas as OpenAI does; otherwise the server enforces any schema. */
  strictMode: boolean
  /** Whether schemas must be of type object. */
  objectSchemas: boolean
  /** The fewest tokens for an answer in the Responses API. */
  minOutputTokens?: number
}
