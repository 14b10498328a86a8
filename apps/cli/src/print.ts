// What is written for people: the line of numbers, colours where a terminal shows them.
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { ChatResponse } from '@patchbay/core'

/** Dimmed on a terminal that wants colours, plain elsewhere. */
export function dim(text: string, stream: NodeJS.WriteStream = process.stderr): string {
  const colours = stream.isTTY && (stream as WriteStream).hasColors?.() && process.env.NO_COLOR === undefined
  return colours ? styleText('dim', text) : text
}

/** A size for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Which model answered, how much, how fast. */
export function statsLine({ provider, model, usage, timing, cost }: ChatResponse): string {
  const { outputTokens } = usage
  const seconds = (timing.totalMs - timing.firstTokenMs) / 1000
  const speed =
    outputTokens !== undefined && outputTokens > 1 && seconds > 0
      ? `${Math.round((outputTokens - 1) / seconds)} tokens/s`
      : 'speed unknown'
  const tokens = outputTokens === undefined ? 'tokens unknown' : `${outputTokens} tokens`
  return `${model} (${provider}) · ${tokens} · ${speed} · first token after ${Math.round(timing.firstTokenMs)} ms${cost === undefined ? '' : ` · $${cost.toFixed(6)}`}`
}

/** A line that is there only while something is waited for, and only on a terminal. */
export function transient(stream: NodeJS.WriteStream = process.stderr): {
  show(text: string): void
  clear(): void
} {
  let shown = false
  return {
    show(text) {
      if (!stream.isTTY) return
      shown = true
      stream.write(`\r\x1b[2K${dim(text, stream)}`)
    },
    clear() {
      if (shown) stream.write('\r\x1b[2K')
      shown = false
    },
  }
}
