// Clouds that have the Messages API in a form of their own: how they write a request, and how they answer.
import type { ServedResponse } from '../fault-server.js'
import { eventStream } from './answers/event-stream.js'
import type { Json, ServiceRequest } from './rule.js'

/** The form of a cloud. */
export interface CloudForm {
  /** The request in the maker's own form, which the maker's rules see. */
  toMaker(request: ServiceRequest): ServiceRequest
  /** The maker's answer in the form of the cloud. */
  answer(response: ServedResponse, request: Pick<ServiceRequest, 'path'>): ServedResponse
}

const messages = '/v1/messages'
const count = `${messages}/count_tokens`

/** InvokeModel of Amazon Bedrock. */
export const bedrockForm: CloudForm = {
  toMaker(request) {
    const { path, headers } = request
    const [, id = '', action] = /^\/model\/([^/]+)\/([\w-]+)/.exec(path) ?? []
    const model = decodeURIComponent(id)
      .replace(/^.*\banthropic\./, '')
      .replace(/-v\d+(:\d+)?$/, '')
    const { anthropic_version: version, anthropic_beta: _, ...body } = modelBody(request)
    const own = withVersion(headers, version === '2026-10-21' ? version : '2023-06-01')
    if (action !== 'count-tokens')
      return {
        ...{ path: messages, headers: own, model },
        body: { ...body, model, stream: action === 'invoke-with-response-stream' },
      }
    const { max_tokens: _tokens, ...counted } = body
    return { path: count, headers: own, model, body: { ...counted, model } }
  },
  answer(response, { path }) {
    const { headers, body = '' } = response
    if (path.endsWith('/count-tokens')) {
      const { input_tokens: inputTokens } = JSON.parse(String(body)) as { input_tokens: number }
      return { ...response, body: JSON.stringify({ inputTokens }) }
    }
    if (headers?.['content-type'] !== 'text/event-stream') return response
    return {
      headers: { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': 'req_strict' },
      body: eventStream(String(body).match(/(?<=^data: ).*$/gm) ?? []),
    }
  },
}

/** The body of the request to the model; CountTokens has it inside. */
export function modelBody({ path, body }: Pick<ServiceRequest, 'path' | 'body'>): Json {
  if (!path.endsWith('/count-tokens')) return body
  try {
    return JSON.parse(Buffer.from(String(body.input?.invokeModel?.body), 'base64').toString())
  } catch {
    return {}
  }
}

/** `rawPredict` of Google Vertex AI. */
export const vertexForm: CloudForm = {
  toMaker({ path, headers, body, model: ofPath }) {
    const { anthropic_version: version, ...others } = body
    const own = withVersion(headers, version === '2026-10-21' ? version : '2023-06-01')
    const isCount = path.includes('/count-tokens:')
    const model = String(isCount ? (body.model ?? '') : ofPath).replace(/@[\s\S]*/, '')
    return { path: isCount ? count : messages, headers: own, model, body: { ...others, model } }
  },
  answer: (response) => response,
}

const withVersion = (headers: ServiceRequest['headers'], version: string) => ({
  ...headers,
  'anthropic-version': version,
})
