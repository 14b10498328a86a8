// Turns of real clients with a tool call and its result, over the local model: the recorded requests are replayed, and the official
// SDK of each protocol reads what is answered.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parserOf, type ReadAnswer } from '../../test/client-parsers.js'
import { goesOn, recordings, send } from '../../test/recordings.js'
import { over } from '../../test/served.js'
import { type ShellAgent, shellAgent } from '../../test/shell-agent.js'
import type { GatewayServer } from '../index.js'

const slow = 600_000
let agent: ShellAgent
let gateway: GatewayServer
const folder = mkdtempSync(join(tmpdir(), 'patchbay-'))
/** Coding agents send some 20 000 tokens of instructions, which the recordings left out. */
const instructions = 'Work carefully, and say what you did. '.repeat(540)

beforeAll(async () => {
  agent = shellAgent(join(folder, 'agent.gguf'))
  gateway = await over(() => agent)
  // The instructions are evaluated once, and found again by every request that begins with them.
  await agent.chat({
    messages: [
      { role: 'system', content: instructions },
      { role: 'user', content: 'Begin.' },
    ],
  })
}, slow)
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The request with the instructions, where the protocol has them. */
function long(request: Record<string, unknown>): Record<string, unknown> {
  if ('system' in request) return { ...request, system: instructions }
  if ('input' in request) return { ...request, instructions }
  const { messages } = request as { messages: { role: string; content: unknown }[] }
  const [first, ...others] = messages
  return first?.role === 'system'
    ? { ...request, messages: [{ ...first, content: instructions }, ...others] }
    : { ...request, messages: [{ role: 'system', content: instructions }, ...messages] }
}

/** The id that the recorded call has, by which its result is found. */
function recordedId(request: Record<string, unknown>): string | undefined {
  return /"(?:call_id|tool_call_id|tool_use_id)":"([^"]+)"/.exec(JSON.stringify(request))?.[1]
}

/** Whether the client gives the result of the call; Ollama's protocol has no ids. */
function hasResult(request: Record<string, unknown>): boolean {
  return /"role":"tool"|"type":"tool_result"|"type":"\w*call_output"/.test(JSON.stringify(request))
}

/** What each protocol calls the end of an answer that is a call, and of one that is a text. */
const called = /^(tool_calls|tool_use|completed|stop)$/
const ended = /^(stop|end_turn|completed)$/

const withTools = recordings.filter(
  ({ path, requests }) => parserOf(path) !== undefined && 'tools' in (requests[0] ?? {}),
)

it.each(withTools.map((one) => [`${one.client} ${one.version}`, one] as const))(
  '%s has its tool called, and reads what came of the result',
  async (_, recording) => {
    const { path, requests } = recording
    const read = parserOf(path) as NonNullable<ReturnType<typeof parserOf>>
    const answers: ReadAnswer[] = []
    let before: string | undefined
    for (const request of requests) {
      const body = long(request)
      const known = recordedId(request)
      // The result is that of the call which the model has just made.
      const own =
        known === undefined
          ? JSON.stringify(body)
          : JSON.stringify(body).replaceAll(
              `"${known}"`,
              (id) => JSON.stringify(answers[0]?.calls[0]?.id) ?? id,
            )
      const response = await send(gateway.url, recording, {
        ...JSON.parse(own),
        ...('previous_response_id' in body && { previous_response_id: before }),
      })
      if (goesOn(request)) {
        expect(response.status).toBe(404)
        continue
      }
      const text = await response.clone().text()
      expect([response.status, text]).toEqual([200, expect.any(String)])
      before = /"id":"(resp_\w+)"/.exec(text)?.[1]
      const answer = await read(response, Boolean(request.stream ?? path.startsWith('/api/')))
      answers.push(answer)
      // Some clients ask twice: for tokens first, or for the same once more.
      expect(answer).toMatchObject(
        !hasResult(request)
          ? { calls: [{ input: { command: 'echo marker' } }], reason: expect.stringMatching(called) }
          : { calls: [], text: '"It printed marker."', reason: expect.stringMatching(ended) },
      )
      // A byte is a token of this model.
      if (answer.inputTokens !== undefined) expect(answer.inputTokens).toBeGreaterThan(20_000)
      else expect([path, request.stream_options]).toEqual(['/v1/chat/completions', undefined])
    }
    expect(answers.at(0)?.calls).toHaveLength(1)
    expect(answers.at(-1)?.calls).toEqual([])
    const results = agent.conversations.at(-1)?.filter(({ role }) => role === 'tool')
    expect(JSON.stringify(results)).toContain('marker')
  },
  slow,
)
