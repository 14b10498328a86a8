// The official client as the judge: what it sends for the same wishes, and what it reads in the same bytes.
import { FunctionCallingConfigMode, GoogleGenAI, ThinkingLevel } from '@google/genai'
import { expect, it, onTestFinished, vi } from 'vitest'
import { json, sse } from '../test/server.js'
import { chunk, last, options, serve } from '../test/wire.js'
import { gemini } from './index.js'

const model = 'gemini-3.6-flash'
const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
}

/** Our request and the official client's, each to a server with this answer. */
async function both(
  answer: Parameters<typeof serve>[0],
  ours: (provider: ReturnType<typeof gemini>) => Promise<unknown>,
  theirs: (client: GoogleGenAI) => Promise<unknown>,
) {
  const [one, other] = [await serve(answer), await serve(answer)]
  const read = [
    await ours(gemini(model, { ...options, baseURL: one.url })),
    await theirs(
      new GoogleGenAI({ apiKey: options.apiKey, vertexai: false, httpOptions: { baseUrl: other.url } }),
    ),
  ] as const
  const [mine, official] = [one.requests[0], other.requests[0]]
  expect(mine?.path).toBe(official?.path)
  expect(mine?.method).toBe(official?.method)
  expect(mine?.headers['x-goog-api-key']).toBe(official?.headers['x-goog-api-key'])
  expect(mine?.json).toEqual(official?.json)
  return read
}

const turns = [
  { role: 'user', parts: [{ text: 'Where?' }] },
  {
    role: 'model',
    parts: [{ functionCall: { id: 'fc_1', name: 'find', args: { city: 'Lima' } }, thoughtSignature: 'c2ln' }],
  },
  { role: 'user', parts: [{ functionResponse: { id: 'fc_1', name: 'find', response: { output: 'Peru' } } }] },
]
const answered = sse([chunk([{ text: 'In ' }]), chunk([{ text: 'Peru.' }]), last()])

it('sends the same stream request: turns with signed calls, tools, thinking, sampling, a system text', async () => {
  const opaque = (data: object) => ({ provider: 'gemini', data })
  const [response, chunks] = await both(
    answered,
    (provider) =>
      provider
        .stream({
          system: 'Be brief.',
          messages: [
            'Where?',
            {
              role: 'assistant',
              content: [
                {
                  type: 'tool-call',
                  id: 'fc_1',
                  name: 'find',
                  input: { city: 'Lima' },
                  opaque: opaque({ id: 'fc_1', thoughtSignature: 'c2ln' }),
                },
              ],
            },
            { role: 'tool', content: [{ type: 'tool-result', id: 'fc_1', output: 'Peru' }] },
          ],
          tools: [{ name: 'find', description: 'Finds.', input: schema }],
          toolChoice: { name: 'find' },
          reasoning: 'low',
          ...{ temperature: 0.5, topP: 0.9, topK: 3, seed: 7, stop: ['END'] },
        })
        .response(),
    async (client) => {
      const stream = await client.models.generateContentStream({
        model,
        contents: turns,
        config: {
          systemInstruction: { parts: [{ text: 'Be brief.' }] },
          tools: [
            { functionDeclarations: [{ name: 'find', description: 'Finds.', parametersJsonSchema: schema }] },
          ],
          toolConfig: {
            functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['find'] },
          },
          thinkingConfig: { includeThoughts: true, thinkingLevel: ThinkingLevel.LOW },
          ...{ temperature: 0.5, topP: 0.9, topK: 3, seed: 7, stopSequences: ['END'] },
        },
      })
      const all: string[] = []
      for await (const one of stream) all.push(one.text ?? '')
      return all.join('')
    },
  )
  expect(response).toMatchObject({ text: chunks })
})

it('sends the same whole request: an image, audio, a form of the answer', async () => {
  const image = { mimeType: 'image/png', data: 'iVBORw0KGgo=' }
  const audio = { mimeType: 'audio/wav', data: 'UklGRg==' }
  const answer = json({ ...last('STOP', [{ text: '{"city":"Lima"}' }]) })
  await both(
    answer,
    (provider) =>
      provider.chat({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Which city?' },
              { type: 'image', data: image.data, mediaType: image.mimeType },
              { type: 'audio', data: audio.data, mediaType: audio.mimeType },
            ],
          },
        ],
        output: { schema },
        maxOutputTokens: 100,
      }),
    (client) =>
      client.models.generateContent({
        model,
        contents: [
          { role: 'user', parts: [{ text: 'Which city?' }, { inlineData: image }, { inlineData: audio }] },
        ],
        config: { responseMimeType: 'application/json', responseJsonSchema: schema, maxOutputTokens: 100 },
      }),
  )
})

it('sends the same request for vectors, and reads the same', async () => {
  const [ours, theirs] = await both(
    json({ embeddings: [{ values: [0.5, 0.25] }, { values: [1, 2] }] }),
    (provider) => provider.embed({ input: ['a', 'b'], inputType: 'query', dimensions: 2 }),
    (client) =>
      client.models.embedContent({
        model,
        // As contents: texts alone are one of them.
        contents: [{ parts: [{ text: 'a' }] }, { parts: [{ text: 'b' }] }],
        config: { taskType: 'RETRIEVAL_QUERY', outputDimensionality: 2 },
      }),
  )
  expect((ours as { vectors: Float32Array[] }).vectors.map((one) => [...one])).toEqual(
    (theirs as { embeddings: { values: number[] }[] }).embeddings.map(({ values }) => values),
  )
})

it('asks for a batch, its state and its end at the same addresses', async () => {
  const state = {
    name: 'batches/b1',
    metadata: {
      '@type': 'x',
      name: 'batches/b1',
      state: 'BATCH_STATE_RUNNING',
      batchStats: { requestCount: '1' },
    },
  }
  await both(
    json(state),
    (provider) => provider.batches.submit(['x']),
    (client) =>
      client.batches.create({
        model,
        src: [{ contents: [{ role: 'user', parts: [{ text: 'x' }] }], metadata: { key: '0' } }],
        config: { displayName: 'patchbay' },
      }),
  )
})

it('asks Vertex AI at the same address, with the token of the credentials', async () => {
  // Workload identity of another cloud: its token is changed for one of Google's, at our server.
  const server = await serve(({ path }) =>
    path === '/token'
      ? json({ access_token: 'ya29.secret', expires_in: 3600, token_type: 'Bearer' })
      : answered,
  )
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-gemini-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'account.json')
  const subject = join(folder, 'subject')
  await writeFile(subject, 'another token')
  const account = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${server.url}/token`,
    credential_source: { file: subject },
  }
  await writeFile(file, JSON.stringify(account))
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const provider = gemini(model, {
    retry: false,
    baseURL: server.url,
    vertex: { project: 'p1', location: 'europe-west4' },
  })
  expect((await provider.stream('Where?').response()).text).toBe('In Peru.')
  const sent = server.requests.find(({ path }) => path !== '/token')
  expect(sent?.path).toBe(
    `/v1beta1/projects/p1/locations/europe-west4/publishers/google/models/${model}:streamGenerateContent?alt=sse`,
  )
  expect(sent?.headers.authorization).toBe('Bearer ya29.secret')
  expect(sent?.headers).not.toHaveProperty('x-goog-api-key')
  // The official client with the same credentials: the same address.
  const client = new GoogleGenAI({
    ...{ vertexai: true, project: 'p1', location: 'europe-west4' },
    googleAuthOptions: { projectId: 'p1' },
    httpOptions: { baseUrl: server.url },
  })
  for await (const _ of await client.models.generateContentStream({ model, contents: 'Where?' }));
  expect(server.requests.at(-1)?.path).toBe(sent?.path)
  await provider.models().catch(() => {})
  expect(server.requests.at(-1)?.path).toBe('/v1beta1/publishers/google/models?pageSize=1000')
})

it.each([
  ['global', 'https://aiplatform.googleapis.com'],
  ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
  ['us', 'https://aiplatform.us.rep.googleapis.com'],
  ['europe-west4', 'https://europe-west4-aiplatform.googleapis.com'],
])('asks Vertex AI in %s at the host that the official client has', async (location, host) => {
  class Client extends GoogleGenAI {
    get address() {
      return this.apiClient.getBaseUrl()
    }
  }
  expect(new Client({ vertexai: true, project: 'p', location }).address).toBe(`${host}/`)
  const asked: string[] = []
  const fetch = async (url: string | URL | Request) => {
    asked.push(String(url))
    return Response.json({ candidates: [], usageMetadata: {} })
  }
  const headers = { authorization: 'Bearer own' }
  const provider = gemini(model, { vertex: { project: 'p', location }, fetch, headers, retry: false })
  await provider.chat('x').catch(() => {})
  // With a token of one's own, too, the project is named.
  expect(
    asked[0]?.startsWith(`${host}/v1beta1/projects/p/locations/${location}/publishers/google/models/`),
  ).toBe(true)
})

it('Vertex AI without a project is told, before anything is sent', async () => {
  vi.stubEnv('GOOGLE_CLOUD_PROJECT', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  const server = await serve(answered)
  const provider = gemini(model, {
    vertex: true,
    baseURL: server.url,
    headers: { authorization: 'Bearer own' },
  })
  await expect(provider.chat('x')).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining('GOOGLE_CLOUD_PROJECT'),
  })
  expect(server.requests).toEqual([])
})
