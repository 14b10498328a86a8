// Recorded answers of real Ollama servers.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ask } from '../test/wire.js'

const recordings = process.env.PATCHBAY_RECORDINGS ?? ''
const recorded = existsSync(recordings)
  ? readdirSync(recordings).flatMap((name) => {
      if (!existsSync(`${recordings}/${name}/meta.json`)) return []
      const meta = JSON.parse(readFileSync(`${recordings}/${name}/meta.json`, 'utf8'))
      return meta.api === 'ollama' && meta.request.path === '/api/chat' ? [{ name, meta }] : []
    })
  : []

describe.skipIf(recorded.length === 0)('recorded answers of real servers', () => {
  it.each(recorded)('$name', async ({ name, meta }) => {
    const body = readFileSync(`${recordings}/${name}/${meta.response.bodyFile}`)
    const response = await (
      await ask({ status: meta.response.status, headers: meta.response.headers, body })
    ).chat('Hello')
    expect(response.text).toBe(meta.expect.text)
    expect(response.reasoning).toBe(meta.expect.reasoning)
    expect(response.rawFinishReason).toBe(meta.expect.stopReasonRaw)
    const { prompt_eval_count: inputTokens, eval_count: outputTokens } = meta.expect.usageRaw
    expect(response.usage).toEqual({
      ...(inputTokens !== undefined && { inputTokens }),
      ...(outputTokens !== undefined && { outputTokens }),
    })
  })
})
if (recorded.length === 0)
  it.skip('recordings: set PATCHBAY_RECORDINGS to the folder that holds them', () => {})
