// Extracts JSON from a model's text: the whole text, or a value in a code fence, after a think block or between words. Broken
// JSON is reported as a whole, never cut to the part that parses. Each character is read a few times at most.
import JSON5 from 'json5'
import { Extent, isSpace, nextBeginning } from './json-extent.js'

/** A value found in the text, or why it does not parse. */
export type Candidate = { length: number } & ({ value: unknown } | { problem: string })

/** The values in a text, in order: one if the whole text is JSON, none if it holds no JSON. */
export function candidatesIn(text: string): Candidate[] {
  const whole = unfenced(text.slice(afterThinking(text)).trim())
  try {
    return [{ value: parsed(whole), length: whole.length }]
  } catch {}
  const all = between(text)
  let answer = text.lastIndexOf(thinkEnd)
  // `</think>` inside a JSON string does not end the think block.
  for (const { at, length, ...meant } of [...all].reverse())
    if ('value' in meant && at < answer && answer < at + length) answer = text.lastIndexOf(thinkEnd, at)
  const last = answer < 0 ? [] : between(text.slice(answer))
  return last.some((candidate) => 'value' in candidate) ? last : all
}

/** The tags of a think block. Models whose prompt already opens it write only the end tag. */
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

function between(text: string): (Candidate & { at: number })[] {
  const found: (Candidate & { at: number })[] = []
  let fenceEnd = 0
  for (let from = afterThinking(text); ; ) {
    const { at } = nextBeginning(text, from, true)
    if (at === undefined) return found
    const endsEarly = (problem: string, length: number) => found.push({ problem, length, at })
    // JSON never contains the end of its own code fence.
    const isFenced = /```\w*\s*$/.test(text.slice(Math.max(from, at - 100), at))
    if (isFenced && fenceEnd < at) fenceEnd = endOfFence(text, at)
    const most = isFenced ? fenceEnd : text.length
    const extent = new Extent()
    const length = extent.endIn(text.slice(at, most), 0)
    if (length === undefined) {
      endsEarly('it ends before its JSON does', most - at)
      // An unclosed value may include everything after it.
      if (most === text.length) return found
      from = most
      continue
    }
    const candidate = read(text.slice(at, at + length), extent)
    from = at + length
    while (isSpace(text[from])) from++
    if ('problem' in candidate ? isInside(text, at, from, extent) : /[\]}]/.test(text[from] ?? '')) {
      endsEarly('its brackets do not match', text.length - at)
      return found
    }
    found.push({ ...candidate, at })
  }
}

/** The start of the line that closes the fence, or the end of the text. */
function endOfFence(text: string, from: number): number {
  const end = /\n[ \t]*```[ \t]*(?:\r?\n|$)/g
  end.lastIndex = from
  return end.exec(text)?.index ?? text.length
}

/** Is the broken value only part of a larger one? Then what follows belongs to it. */
function isInside(text: string, begin: number, end: number, { matched }: Extent): boolean {
  const next = text[end] ?? ''
  if (/[\]}]/.test(next)) return true
  if (!/[,:]/.test(next)) return false
  // Prose has commas and colons too, as in [1-3], here; another key does not occur in prose.
  return !matched || (text[begin] === '{' && /^,\s*(?:["'“]|[\w$]+\s*:)/.test(text.slice(end, end + 1000)))
}

function read(text: string, extent: Extent): Candidate {
  const { length } = text
  let problem: string
  try {
    return { value: parsed(text), length }
  } catch (error) {
    problem = `its JSON is broken: ${error instanceof Error ? error.message : error}`
  }
  try {
    // The same value in the syntax of JavaScript or Python: quotes, commas, comments, literals.
    return { value: JSON5.parse(extent.respelled(text), finite), length }
  } catch {
    return { problem, length }
  }
}

/** @throws {RangeError} for a number so large that it would be infinite */
function parsed(text: string): unknown {
  return /\de\+?\d{3}|(?<!\d)\d{309}/i.test(text) ? JSON.parse(text, finite) : JSON.parse(text)
}

function finite(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} is not JSON`)
  return value
}
