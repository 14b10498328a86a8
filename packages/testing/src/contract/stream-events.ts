// Collects the events of a stream and reads texts out of them.
import type { ChatEvent, ChatStream, Part } from '@patchbay/core'
import { expect } from 'vitest'

export async function all(stream: ChatStream): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

export function last(events: ChatEvent[]): Extract<ChatEvent, { type: 'finish' }> {
  const event = events.at(-1)
  if (event?.type !== 'finish') return expect.fail(`the last event is ${event?.type}`)
  return event
}

export function deltas(events: ChatEvent[], type: 'text' | 'reasoning'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('')
}

export function partText(parts: Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
