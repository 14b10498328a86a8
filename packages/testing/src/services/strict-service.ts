// Strict services: HTTP servers on loopback that answer as a real service does and refuse what it refuses.
import { type FaultServer, faultServer, type ReceivedRequest, type ServedResponse } from '../fault-server.js'
import { anthropicEvents, anthropicWhole } from './answers/anthropic.js'
import { chatChunks, chatWhole } from './answers/chat.js'
import { geminiChunks, geminiWhole } from './answers/gemini.js'
import { ollamaLines, ollamaWhole } from './answers/ollama.js'
import { responsesEvents, responsesWhole } from './answers/responses.js'
import { type Api, apiOf, type Host, hosts, type ServiceName } from './hosts.js'
import type { Json, JsonObject, Problem, Rule, RuleFacts, ServiceRequest } from './rule.js'
import { ollamaShow } from './rules/ollama-models.js'
import { type Answer, type StrictScript, toAnswer } from './script.js'

/** Options of `strictService`. */
export interface StrictOptions {
  /** The only model that the service has: others are refused with 404. Default: it has every model. */
  model?: string
  /** What it answers. Default: `'Hello there.'`; tool calls where the request forces one. */
  script?: StrictScript
}

/** A request that a strict service refused. */
export interface Refusal {
  /** The id of the rule. */
  rule: string
  message: string
  body: JsonObject
}

/** A strict service that runs. */
export interface StrictService extends AsyncDisposable {
  /** Base address without a path: `baseURL` of `claude()` and `ollama()`. */
  readonly url: string
  /** `baseURL` of clients that speak OpenAI's protocols: the address with `/v1`; of Azure with `/openai/v1`. */
  readonly baseURL: string
  readonly requests: readonly ReceivedRequest[]
  /** What it refused, in order. */
  readonly refused: readonly Refusal[]
  close(): Promise<void>
}

/**
 * The rules of a service, as data: id, sentence, source, date, and a request that breaks each. Of a cloud that has Claude those of its own:
 * `'bedrock'` and `'vertex'` refuse what `'anthropic'` refuses too.
 */
export function rulesOf(name: ServiceName): readonly RuleFacts[] {
  return [...new Set(hosts[name].apis.flatMap(({ rules }) => rules))]
}

/** A refusal with the rule it comes from. */
type Refused = Problem & { rule: string; status: number }

/** The request as rules see it. Azure's classic addresses, Gemini's and those of the clouds have the model in the path. */
function toRequest(path: string, headers: Readonly<Record<string, string>>, body: Json): ServiceRequest {
  const named = /\/(?:deployments|models?)\/([^/?:]+)/.exec(path)?.[1]
  return { path, headers, body, model: named ? decodeURIComponent(named) : String(body.model ?? '') }
}

/** The request in the form of the maker of its API. */
function toMaker(name: ServiceName, request: ServiceRequest): ServiceRequest {
  return hosts[name].cloud?.toMaker(request) ?? request
}

/** Each rule that refuses a request, and how. A service names only the first. */
export function* refusalsOf(
  name: ServiceName,
  { path, headers, body }: Pick<ServiceRequest, 'path' | 'headers' | 'body'>,
): Generator<Refused> {
  const request = toRequest(path, headers, body)
  yield* brokenBy(request, apiOf(name, path).rules)
  yield* brokenBy(toMaker(name, request), hosts[name].cloud?.maker ?? [])
}

function* brokenBy(request: ServiceRequest, rules: readonly Rule[]): Generator<Refused> {
  for (const { id, check } of rules) {
    const problem = check(request)
    if (problem !== undefined)
      yield { rule: id, status: 400, ...(typeof problem === 'string' ? { message: problem } : problem) }
  }
}

/** The answers of a service without its server: what it says to each request, and what it refused. */
export function strictAnswers(name: ServiceName, options: StrictOptions = {}) {
  const host = hosts[name]
  const refused: Refusal[] = []
  let turn = 0
  const refuse = (problem: Refused, path: string, body: Json): ServedResponse => {
    refused.push({ rule: problem.rule, message: problem.message, body })
    const { headers, ...refusal } = json(host.error(problem, path), problem.status)
    return { ...refusal, headers: { ...headers, ...host.errorHeaders?.(problem) } }
  }
  const answer = ({ path, headers, method, json: body }: ReceivedRequest): ServedResponse => {
    if (method === 'GET') {
      const { model = 'model' } = options
      return json({ object: 'list', data: [{ id: model }], models: [{ name: model }], has_more: false })
    }
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      return refuse({ rule: 'json', status: 400, message: 'The body is not a JSON object.' }, path, {})
    const { model } = toRequest(path, headers, body)
    if (options.model !== undefined && model !== options.model)
      return refuse(
        { rule: 'model', status: 404, message: `model: ${model}`, code: 'model_not_found' },
        path,
        body,
      )
    if (path === '/api/show') return json(ollamaShow(model))
    const [problem] = refusalsOf(name, { path, headers, body })
    if (problem !== undefined) return refuse(problem, path, body)
    const asked = toMaker(name, toRequest(path, headers, body))
    const response = answerTo(asked)
    return host.cloud?.answer(response, { path }) ?? response
  }
  const answerTo = ({ path, body }: ServiceRequest): ServedResponse => {
    if (path.includes(':countTokens')) return json({ totalTokens: 10 })
    if (path.includes('count_tokens')) return json({ input_tokens: 10 })
    const given = answerFor(options.script, turn++, body)
    const answer = toAnswer(given, body, host.callId ?? ((n) => `call_${n}`))
    return served(apiOf(name, path), path, host, answer, body)
  }
  return { answer, refused }
}

/**
 * Starts a server that accepts what the service accepts and refuses the rest in the service's own words and error shape.
 * @param name the service: it decides the protocol and the rules
 * @example
 * const service = await strictService('anthropic', { script: ['Paris.'] })
 * const llm = claude('claude-sonnet-5', { baseURL: service.url, apiKey: 'test' })
 */
export async function strictService(name: ServiceName, options: StrictOptions = {}): Promise<StrictService> {
  const { answer, refused } = strictAnswers(name, options)
  const server: FaultServer = await faultServer(answer)
  return {
    url: server.url,
    baseURL: `${server.url}${hosts[name].base ?? '/v1'}`,
    requests: server.requests,
    refused,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}

function answerFor(script: StrictScript | undefined, turn: number, body: Json) {
  if (typeof script === 'function') return script(body)
  const given = script?.[Math.min(turn, script.length - 1)]
  if (given !== undefined) return given
  const forced = forcedTool(body)
  return forced === undefined ? {} : { toolCalls: [{ name: forced }] }
}

/** The name of the tool that a request forces. */
function forcedTool({ tool_choice: choice, tools = [], toolConfig }: Json): string | undefined {
  const { mode, allowedFunctionNames: [name] = [] } = toolConfig?.functionCallingConfig ?? {}
  if (mode === 'ANY') return name ?? tools[0]?.functionDeclarations?.[0]?.name
  const isForced =
    choice === 'required' ||
    (typeof choice === 'object' && choice !== null && !['auto', 'none'].includes(choice.type))
  if (!isForced) return undefined
  return choice.function?.name ?? choice.name ?? tools[0]?.function?.name ?? tools[0]?.name
}

function json(body: unknown, status = 200): ServedResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'request-id': 'req_strict' },
    body: JSON.stringify(body),
  }
}

function served(
  { protocol }: Api,
  path: string,
  { dialect }: Host,
  answer: Answer,
  body: Json,
): ServedResponse {
  if (protocol === 'ollama') {
    if (body.stream === false) return json(ollamaWhole(answer, body))
    const lines = [...ollamaLines(answer, body)].map((line) => `${JSON.stringify(line)}\n`)
    return { headers: { 'content-type': 'application/x-ndjson' }, body: lines.join('') }
  }
  if (protocol === 'gemini') {
    if (!path.includes(':streamGenerateContent')) return json(geminiWhole(answer, body))
    const chunks = [...geminiChunks(answer, body)].map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`)
    return { headers: { 'content-type': 'text/event-stream' }, body: chunks.join('') }
  }
  if (body.stream !== true) return json(whole[protocol](answer, body, dialect))
  const events = [...streamed[protocol](answer, body, dialect)]
  const lines = events.map(
    (event) => `${protocol === 'chat' ? '' : `event: ${event.type}\n`}data: ${JSON.stringify(event)}\n\n`,
  )
  return {
    headers: { 'content-type': 'text/event-stream', 'request-id': 'req_strict' },
    body: lines.join('') + (protocol === 'chat' ? 'data: [DONE]\n\n' : ''),
  }
}

const whole = { anthropic: anthropicWhole, chat: chatWhole, responses: responsesWhole }
const streamed = { anthropic: anthropicEvents, chat: chatChunks, responses: responsesEvents }
