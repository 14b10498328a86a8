// Stand-in for Amazon Bedrock in front of a stand-in for the Messages API, by its documentation (November 2026). Judges that are not
// ours: `aws4` signs each request again and compares, and Amazon's own codec encodes the event stream.
import { type FaultServer, faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'
import { EventStreamCodec } from '@smithy/core/event-streams'
import aws4 from 'aws4'

/** The credentials that the stand-in knows. */
export const identity = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'a-session-token-of-mine',
}

/** The key that the stand-in knows. */
export const key = 'bedrock-api-key-of-mine'

export const region = 'eu-west-1'

/** @param anthropic what answers `/v1/messages` and `/v1/messages/count_tokens` */
export function simulateBedrock(
  anthropic: FaultServer,
  isBroken: (request: ReceivedRequest) => ServedResponse | undefined = () => undefined,
): Promise<FaultServer> {
  return faultServer(async (request) => {
    const refusal = isBroken(request) ?? refusalOf(request)
    if (refusal !== undefined) return refusal
    const [, id = '', action = ''] = /^\/model\/([^/]+)\/([^/?]+)/.exec(request.path) ?? []
    const model = decodeURIComponent(id)
    const ask = async (path: string, body: object) =>
      fetch(`${anthropic.url}${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (action === 'count-tokens') {
      if (!/^anthropic\./.test(model))
        return exception('ValidationException', "The provided model doesn't support counting tokens.")
      const { input } = request.json as { input: { invokeModel: { body: string } } }
      const { anthropic_version: _, ...counted } = JSON.parse(atob(input.invokeModel.body))
      const answer = await ask('/v1/messages/count_tokens', { model, ...counted })
      const { input_tokens: inputTokens } = (await answer.json()) as { input_tokens: number }
      return json({ inputTokens })
    }
    const stream = action === 'invoke-with-response-stream'
    const { anthropic_version: _, ...body } = request.json as object & { anthropic_version: unknown }
    const answer = await ask('/v1/messages', { ...body, model, stream })
    const text = await answer.text()
    if (!answer.ok)
      return exception(
        'ValidationException',
        (JSON.parse(text) as { error: { message: string } }).error.message,
      )
    return stream ? eventStream(text.match(/(?<=^data: ).*$/gm) ?? []) : json(JSON.parse(text))
  })
}

/** What the service refuses before it asks the model. */
function refusalOf(request: ReceivedRequest): ServedResponse | undefined {
  const { path, method, json: body, headers } = request
  const [, , action = ''] =
    /^\/model\/([^/]+)\/(invoke|invoke-with-response-stream|count-tokens)$/.exec(path) ?? []
  if (method !== 'POST' || action === '') return exception('UnknownOperationException', 'none', 404)
  const { authorization = '' } = headers
  if (authorization.startsWith('Bearer ')) {
    if (authorization !== `Bearer ${key}`)
      return exception(
        'AccessDeniedException',
        'Authentication failed: Please make sure your API Key is valid.',
        403,
      )
  } else if (!authorization.startsWith('AWS4-HMAC-SHA256 '))
    return exception('MissingAuthenticationTokenException', 'Missing Authentication Token', 403)
  else if (!isSigned(request))
    return exception(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided.',
      403,
    )
  if (action === 'count-tokens') return undefined
  const { anthropic_version: version, model, stream } = body as Record<string, unknown>
  const extraneous = model !== undefined ? 'model' : stream !== undefined ? 'stream' : undefined
  if (extraneous !== undefined)
    return exception(
      'ValidationException',
      `Malformed input request: #: extraneous key [${extraneous}] is not permitted, please reformat your input and try again.`,
    )
  if (version !== 'bedrock-2023-05-31')
    return exception(
      'ValidationException',
      'Malformed input request: #: required key [anthropic_version] not found',
    )
  return undefined
}

/** Whether `aws4` makes the same signature of the request, from the headers that it says are signed. */
export function isSigned({ method, path, headers, body }: ReceivedRequest): boolean {
  const { authorization = '' } = headers
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
  const signed = Object.fromEntries(names.map((name) => [name, headers[name] ?? '']))
  const { headers: again } = aws4.sign(
    {
      service: 'bedrock',
      region,
      method,
      path,
      headers: signed,
      body,
      extraHeadersToIgnore: { 'content-length': true },
    } as aws4.Request,
    identity,
  )
  const signatureOf = (text: unknown) => /Signature=([\da-f]{64})$/.exec(String(text))?.[1]
  const { Authorization: expected } = again as Record<string, unknown>
  return signatureOf(expected) !== undefined && signatureOf(expected) === signatureOf(authorization)
}

const codec = new EventStreamCodec(
  (bytes) => new TextDecoder().decode(bytes),
  (text) => new TextEncoder().encode(text),
)

/** A frame of an event stream, encoded by Amazon's own codec. */
export function frame(headers: Record<string, string>, body: object): Uint8Array {
  return codec.encode({
    headers: Object.fromEntries(
      Object.entries({ ':content-type': 'application/json', ...headers }).map(([name, value]) => [
        name,
        { type: 'string', value },
      ]),
    ),
    body: new TextEncoder().encode(JSON.stringify(body)),
  })
}

/** The frame of an event of the Messages API. */
function chunk(event: string): Uint8Array {
  const headers = { ':message-type': 'event', ':event-type': 'chunk' }
  return frame(headers, { bytes: Buffer.from(event).toString('base64'), p: 'abcd' })
}

/** The answer of `InvokeModelWithResponseStream`. */
export function eventStream(events: string[], ...last: Uint8Array[]): ServedResponse {
  return {
    headers: { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': 'aws-req-1' },
    body: Buffer.concat([...events.map(chunk), ...last]),
    chunk: 700,
  }
}

/** An exception as an HTTP response. */
export function exception(type: string, message: string, status = 400): ServedResponse {
  const headers = { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/` }
  return json({ message }, status, headers)
}

function json(body: unknown, status = 200, headers: Record<string, string> = {}): ServedResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': 'aws-req-1', ...headers },
    body: JSON.stringify(body),
  }
}
