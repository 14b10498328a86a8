// JSON in the text of a model: all of it, or what stands in a code fence, after a think block or between words. What is
// broken is told so as a whole, and never cut to the part of it that parses. Each character is looked at a few times.
import JSON5 from 'json5'
import { Extent, nextBeginning } from './json-extent.js'

/** What a text may be meant to say: a value, or what is wrong with it. */
export type Candidate = { length: number } & ({ value: unknown } | { problem: string })

/** The values of a text, in their order; one where the whole text is JSON, none where there is nothing like it. */
export function candidatesIn(text: string): Candidate[] {
  const whole = unfenced(text.slice(afterThinking(text)).trim())
  try {
    return [{ value: JSON.parse(whole), length: whole.length }]
  } catch {}
  const answer = text.lastIndexOf(thinkEnd)
  const last = answer < 0 ? [] : between(text.slice(answer))
  return last.some((candidate) => 'value' in candidate) ? last : between(text)
}

/** A think block at the beginning of a text; models that are told to think by their prompt write its end alone. */
export const thinkBegin = '<think>'
export const thinkEnd = '</think>'

function afterThinking(text: string): number {
  if (!text.trimStart().startsWith(thinkBegin)) return 0
  const end = text.indexOf(thinkEnd)
  return end < 0 ? text.length : end + thinkEnd.length
}

function unfenced(text: string): string {
  const body = text.indexOf('\n')
  return text.startsWith('```') && text.length > 6 && text.endsWith('```') && body > 0
    ? text.slice(body, -3)
    : text
}

function between(text: string): Candidate[] {
  const found: Candidate[] = []
  for (let at = afterThinking(text); ; ) {
    const begin = nextBeginning(text, at, true)
    if (begin.at === undefined) return found
    const extent = new Extent()
    let end = extent.endIn(text, begin.at)
    if (end === undefined) {
      // What is not closed may hold all that follows.
      found.push({ problem: 'it ends before its JSON does', length: text.length - begin.at })
      return found
    }
    const candidate = read(text.slice(begin.at, end), extent)
    while (/\s/.test(text[end] ?? '')) end++
    // Inside of something larger that ended too early: what follows belongs to it.
    if (('problem' in candidate ? /[,:\]}]/ : /[\]}]/).test(text[end] ?? '')) {
      found.push({ problem: 'its brackets do not match', length: text.length - begin.at })
      return found
    }
    found.push(candidate)
    at = end
  }
}

function read(text: string, extent: Extent): Candidate {
  const { length } = text
  let problem: string
  try {
    return { value: JSON.parse(text), length }
  } catch (error) {
    problem = `its JSON is broken: ${error instanceof Error ? error.message : error}`
  }
  try {
    // As JavaScript or Python would spell it, which says the same: quotes, commas, comments, words.
    return { value: JSON5.parse(extent.respelled(text), finite), length }
  } catch {
    return { problem, length }
  }
}

function finite(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} is not JSON`)
  return value
}
