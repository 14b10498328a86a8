// What is written for people: the line of numbers, colours where a terminal shows them.
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { ChatResponse } from '@patchbay/core'

/**
 * Text of others for a terminal: control characters, which could move its cursor, change its title or write its clipboard,
 * are shown instead of obeyed. Line ends and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(controls, (sign) => {
    const code = sign.charCodeAt(0)
    if (sign === '\r') return ''
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : `<${code.toString(16)}>`
  })
}

/** JSON for scripts, its control characters escaped: it may be read on a terminal too. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\x7f-\x9f]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

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
  return `${printable(model)} (${printable(provider)}) · ${tokens} · ${speed} · first token after ${Math.round(timing.firstTokenMs)} ms${cost === undefined ? '' : ` · $${cost.toFixed(6)}`}`
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
      stream.write(`\r\x1b[2K${dim(printable(text.replaceAll('\n', ' ')), stream)}`)
    },
    clear() {
      if (shown) stream.write('\r\x1b[2K')
      shown = false
    },
  }
}
