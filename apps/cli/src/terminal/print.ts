// Text for the terminal: safe to print, statistics line, colours.
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { ChatResponse } from '@patchbay/core'

/**
 * Untrusted text for a terminal: control characters, which could move the cursor, change the title or write the clipboard,
 * and bidirectional controls, which could show text in another order, are replaced by visible symbols. Line ends and tabs
 * stay.
 */
export function printable(text: string): string {
  return text.replace(controls, (character) => {
    const code = character.charCodeAt(0)
    if (character === '\r') return ''
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : `<${code.toString(16)}>`
  })
}

/** JSON with control characters escaped, so that it is safe on a terminal. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\x7f-\x9f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: this matches control characters
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g

/** Dimmed text on a terminal with colours, plain text elsewhere. */
export function dim(text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return hasColours(stream) ? styleText('dim', text) : text
}

/** Bold text on a terminal with colours, plain text elsewhere. */
export function bold(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return hasColours(stream) ? styleText('bold', text) : text
}

/** Whether text may be styled: on a terminal with colours, without `NO_COLOR`. */
export function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (stream as WriteStream).hasColors?.() && process.env.NO_COLOR === undefined
}

/** A size in megabytes, for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Model, tokens, speed, time to first token, cost. */
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

/** A status line on a terminal, which is removed again. */
export function transient(stream: NodeJS.WriteStream = process.stderr): {
  show(text: string): void
  clear(): void
} {
  let shown = false
  return {
    show(text) {
      if (!stream.isTTY) return
      shown = true
      // One row, or clearing it would leave the others.
      const line = printable(text.replaceAll('\n', ' ')).slice(0, Math.max(1, (stream.columns || 80) - 1))
      stream.write(`\r\x1b[2K${dim(line, stream)}`)
    },
    clear() {
      if (shown) stream.write('\r\x1b[2K')
      shown = false
    },
  }
}
