// Requests to a service of the client's own protocol: the body goes through as it is, beside its translation for policies, records
// and providers that speak another protocol.
import { isIP } from 'node:net'
import { type ChatRequest, isLlmError, type LlmError, type Message, type Provider } from '@patchbay/core'
import { bindRaw, checkPublic, type RawRequest, type WireProtocol } from '@patchbay/core/wire'
import type { Context } from 'hono'
import type { Json } from '../body/body.js'
import { withRequiredTools } from '../body/tools.js'
import { checkPublicUrls, type Env } from '../server/request-context.js'
import { RawAnswer } from './raw-answer.js'

/** The providers that speak each protocol. */
const providers: Record<WireProtocol, string> = {
  'anthropic-messages': 'claude',
  'openai-responses': 'openai',
  'openai-chat': 'openai',
  'ollama-chat': 'ollama',
}

/** Headers that belong to a protocol. Keys and addresses of the client never go on. */
const protocolHeaders = ['anthropic-beta', 'anthropic-version', 'openai-beta']

/** How a request is read. */
export interface RequestReader {
  protocol: WireProtocol
  /** The body for a service of the same protocol; `undefined` if it holds what only the gateway can read. */
  raw: Json | undefined
  /**
   * The translation.
   * @throws {LlmError} `invalid-request` for what is wrong, and for what only a service of the same protocol could honour
   */
  read(): ChatRequest | Promise<ChatRequest>
}

/** A request, and the answer that may come as the service sends it. */
export interface ReadRequest {
  request: ChatRequest
  answer?: RawAnswer
}

/** Reads a request for this provider. */
export async function readFor(
  context: Context<Env>,
  provider: Provider,
  { protocol, raw, read: readRequest }: RequestReader,
): Promise<ReadRequest> {
  const recorder = context.get('recorder')
  const name = providers[protocol]
  const read = async () => (recorder.ignoresNothing ? withRequiredTools(await readRequest()) : readRequest())
  const translated = async (): Promise<ChatRequest> => {
    const request = await read()
    await checkPublicUrls(request)
    return request
  }
  if (raw === undefined || provider.provider !== name || !recorder.mayPassThrough)
    return { request: await translated() }
  let refusal: LlmError | undefined
  let request: ChatRequest
  try {
    request = await read()
  } catch (thrown) {
    const outline = outlineOf(raw)
    if (!isRefusal(thrown) || outline === undefined) throw thrown
    refusal = thrown
    request = outline
  }
  await checkPublicUrls(request)
  const urls = refusal !== undefined || recorder.hasIgnored ? [...fetchedUrls(raw)] : []
  await Promise.all([...new Set([...urls, ...internalUrls(raw)])].map((url) => checkPublic(url)))
  const { model: _, ...body } = raw
  const rawRequest: RawRequest = {
    protocol,
    body,
    headers: headersOf(context),
    ...(refusal && { refusal: refusal.message }),
  }
  const answer = new RawAnswer(name, recorder, refusal)
  const bound = bindRaw({ ...request, providerOptions: { [name]: { rawRequest } } }, () => answer.open())
  return { request: bound, answer }
}

/** Whether the error is the gateway's own, about the content of a request. */
function isRefusal(thrown: unknown): thrown is LlmError {
  return (
    isLlmError(thrown, 'invalid-request') && thrown.provider === undefined && (thrown.status ?? 400) === 400
  )
}

function headersOf({ req }: Context): Record<string, string> {
  return Object.fromEntries(
    protocolHeaders.flatMap((name) => {
      const value = req.header(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/**
 * The texts of a request that has no translation, for policies; `undefined` without a conversation. Tools and schemas are at the end
 * of the first message: as tools of the outline they would have to be valid, and a system message would stand in the way of a
 * default one.
 */
function outlineOf(body: Json): ChatRequest | undefined {
  const items = [body.messages ?? body.input ?? []].flat()
  if (items.length === 0) return undefined
  const { tools, functions, response_format, text, output_config, output_format } = body
  const described = [tools, functions, response_format, text, output_config, output_format].flatMap((one) =>
    one === undefined ? [] : [JSON.stringify(one)],
  )
  const texts = items.map((item, at): Message => {
    const { role, ...content } = Object(item) as Json
    const own = typeof item === 'string' ? [item] : textsIn(content)
    const text = [...own, ...(at === 0 ? described : [])].join('\n')
    return { role: role === 'assistant' ? 'assistant' : 'user', content: text || '.' }
  })
  const system = [...textsIn([body.system, body.instructions])].join('\n')
  const most = [body.max_tokens, body.max_completion_tokens, body.max_output_tokens].find(
    (one): one is number => Number.isInteger(one) && (one as number) > 0,
  )
  return {
    messages: texts,
    ...(system !== '' && { system }),
    ...(most !== undefined && { maxOutputTokens: most }),
  }
}

/** All texts of a value, without the bytes of media. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') {
    if (!value.startsWith('data:')) yield value
  } else if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value))
      if (!bytesFields.has(name) || typeof item !== 'string') yield* textsIn(item)
}

const bytesFields = new Set(['data', 'file_data', 'encrypted_content', 'signature', 'type', 'id'])

/**
 * Addresses in a network of the service's own, whatever their field is called. Texts, schemas and calls of tools may speak of them;
 * all else the service may fetch for the client.
 */
function* internalUrls(value: unknown, name = ''): Generator<string> {
  if (typeof value === 'string') {
    if (!spoken.has(name) && isInternal(value)) yield value
    return
  }
  if (typeof value !== 'object' || value === null || unfetched.has(name)) return
  const { type } = value as Json
  // The model's own call, in the history of an agent: the client has done it.
  if (typeof type === 'string' && /(?:^|_)(?:tool_use|call)$/.test(type)) return
  for (const [key, item] of Object.entries(value))
    yield* internalUrls(item, Array.isArray(value) ? name : key)
}

const spoken = new Set(
  'text content arguments input output stdout stderr logs thinking reasoning instructions system title description name user prompt stop stop_sequences'.split(
    ' ',
  ),
)
const unfetched = new Set('input_schema parameters schema arguments metadata'.split(' '))

/** Whether it is an address of a machine without a public name. */
function isInternal(text: string): boolean {
  // A service's own stores have names of one word: gs://bucket/file.
  if (!/^\s*(?:https?|file):\/\//i.test(text) || !URL.canParse(text)) return false
  const { hostname, protocol } = new URL(text)
  if (protocol === 'file:') return true
  return (
    isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 ||
    /^[^.]*\.?$|\.(?:localhost|local|internal)\.?$/i.test(hostname)
  )
}

/** The addresses that every service fetches for the client. */
function* fetchedUrls(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, item] of Object.entries(value)) {
    const url = /^(image|video|audio|file|document)_url$/.test(name) ? (item?.url ?? item) : undefined
    const source = name === 'source' && item?.type === 'url' ? item.url : undefined
    for (const one of [url, source]) if (typeof one === 'string' && !/^data:/i.test(one)) yield one
    yield* fetchedUrls(item)
  }
}
