// A strict service that keeps its own books: what each answer it sent has cost, as it counted it. Words in the question make it
// busy once, silent once, fail, or stop in the middle of an answer.
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { type ServiceName, strictService } from '@patchbay/testing/services'
import { onTestFinished } from 'vitest'

export interface Books {
  /** Whole answers. */
  answers: number
  /** Answers that were never finished. */
  cut: number
  input: number
  output: number
}

export interface BookkeepingService {
  url: string
  books: Books
}

export async function bookkeepingService(name: ServiceName): Promise<BookkeepingService> {
  const strict = await strictService(name)
  const books: Books = { answers: 0, cut: 0, input: 0, output: 0 }
  const wasBusy = new Set<string>()
  const server = await faultServer(async ({ method, path, headers, body }): Promise<ServedResponse> => {
    if (body.includes('(fails)')) return { status: 500, body: '{"error":{"message":"broken"}}' }
    const busy = /\(busy \d+\)/.exec(body)?.[0]
    if (busy !== undefined && !wasBusy.has(busy)) {
      wasBusy.add(busy)
      return { status: 429, headers: { 'retry-after-ms': '1' }, body: '{"error":{"message":"slow down"}}' }
    }
    const slow = /\(slow \d+\)/.exec(body)?.[0]
    if (slow !== undefined && !wasBusy.has(slow)) {
      wasBusy.add(slow)
      books.cut++
      return { body: 'x', stallAt: 0 }
    }
    const { 'content-length': _, host: __, connection: ___, ...sent } = headers
    const answer = await fetch(`${strict.url}${path}`, {
      method,
      headers: sent,
      ...(body !== '' && { body }),
    })
    const text = await answer.text()
    const type = answer.headers.get('content-type') ?? 'application/json'
    const served = { status: answer.status, headers: { 'content-type': type }, body: text }
    const usage = usageIn(text)
    if (usage === undefined) return served
    if (body.includes('(stops)')) {
      books.cut++
      return { ...served, stallAt: Math.ceil(text.length * 0.7) }
    }
    books.answers++
    books.input += usage.input
    books.output += usage.output
    return served
  })
  onTestFinished(async () => {
    await Promise.all([server.close(), strict.close()])
  })
  return { url: server.url, books }
}

/** The last counts in an answer, whole or streamed; undefined if it has none. */
function usageIn(text: string): { input: number; output: number } | undefined {
  const last = (pattern: RegExp) => [...text.matchAll(pattern)].at(-1)?.[1]
  const input = last(/"(?:input_tokens|prompt_tokens|prompt_eval_count)":(\d+)/g)
  const output = last(/"(?:output_tokens|completion_tokens|eval_count)":(\d+)/g)
  return input === undefined || output === undefined
    ? undefined
    : { input: Number(input), output: Number(output) }
}
