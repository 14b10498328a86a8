// The prompt of a chat: lines from a terminal or a pipe. Pasted lines are one input, keys typed during an answer wait for the next
// prompt, and a resized window redraws only the line that is being typed.
import { createInterface, type Interface } from 'node:readline'
import { PassThrough, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { asPaste, bracketedPaste, PasteReader } from './paste.js'

/** Shown for a line end within a line. */
const lineEnd = '⏎'
/** A longer paste is shown by its size. */
const longestShown = 400

const ctrlC = '\x03'

/** Lines from standard input, with a prompt if that is a terminal. */
export class Prompt {
  readonly isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true
  readonly #lines: Interface
  readonly #keys = new PassThrough()
  readonly #pastes: string[] = []
  readonly #onInterrupt: (isEmpty: boolean) => void
  readonly #paste = new PasteReader(
    (keys) => this.#type(keys),
    (text) => this.#insert(text),
  )
  #isHeld = false
  #hasEnded = false
  #typedAhead = ''

  /** @param onInterrupt called for Ctrl-C, with whether nothing was typed; a line that was is cleared */
  constructor(onInterrupt: (isEmpty: boolean) => void) {
    this.#onInterrupt = onInterrupt
    if (!this.isTerminal) {
      this.#lines = createInterface({ input: process.stdin, terminal: false })
      process.on('SIGINT', this.#interrupt)
      return
    }
    const screen = new Screen(() => !this.#isHeld && this.#beforeResize())
    Object.assign(this.#keys, { setRawMode: (mode: boolean) => process.stdin.setRawMode(mode) })
    this.#lines = createInterface({ input: this.#keys, output: screen, prompt: '> ', terminal: true })
    this.#lines.on('SIGINT', this.#interrupt)
    this.#lines.on('line', () => this.hold())
    this.#lines.once('close', this.#restore)
    process.once('exit', this.#restore)
    process.stdin.on('data', this.#read)
    process.stderr.write(bracketedPaste.on)
  }

  /** The lines, until the end of the input or `close`. */
  async *lines(): AsyncGenerator<string> {
    for await (const line of this.#lines) yield this.isTerminal ? this.#whole(line) : line
  }

  /** Asks for a line. */
  show(): void {
    this.#isHeld = false
    const typed = this.#typedAhead
    this.#typedAhead = ''
    // Node 24 and later throw for a prompt after the end of the input.
    if (this.isTerminal && !this.#hasEnded) this.#lines.prompt()
    this.#paste.read(typed)
  }

  /** Keeps what is typed for the next prompt; only Ctrl-C is heard. */
  hold(): void {
    this.#isHeld = true
  }

  close(): void {
    this.#lines.close()
    process.off('SIGINT', this.#interrupt)
  }

  readonly #interrupt = (): void => {
    const isEmpty = this.#lines.line === '' || !this.isTerminal
    if (!isEmpty && !this.#isHeld)
      for (const name of ['e', 'u']) this.#lines.write(null, { ctrl: true, name })
    this.#onInterrupt(isEmpty)
  }

  readonly #decoder = new StringDecoder()

  readonly #read = (chunk: Buffer): void => {
    const text = this.#decoder.write(chunk)
    if (!this.#isHeld) return this.#paste.read(text)
    this.#typedAhead += text.replaceAll(ctrlC, '')
    if (text.includes(ctrlC)) this.#interrupt()
  }

  readonly #restore = (): void => {
    this.#hasEnded = true
    process.off('exit', this.#restore)
    process.stdin.off('data', this.#read).pause()
    process.stderr.write(bracketedPaste.off)
  }

  /** Up to the end of a line; what comes after it is for the next prompt. Alt-Enter begins a new line. */
  #type(keys: string): void {
    for (const piece of keys.replaceAll('\x1b\r', lineEnd).split(/(?<=[\r\n])/))
      if (this.#isHeld) this.#typedAhead += piece
      else this.#keys.write(piece)
  }

  #insert(text: string): void {
    if (this.#isHeld) {
      this.#typedAhead += asPaste(text)
      return
    }
    const lines = text.split('\n')
    if (text.length <= longestShown) return this.#lines.write(lines.join(lineEnd))
    const number = this.#pastes.push(text)
    this.#lines.write(`[pasted text ${number}, ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}]`)
  }

  /** The line with its line ends, and with the pastes that were shown by their size. */
  #whole(line: string): string {
    return line
      .replace(/\[pasted text (\d+), \d+ lines?\]/g, (shown, number) => this.#pastes[number - 1] ?? shown)
      .replaceAll(lineEnd, '\n')
  }

  /**
   * To draw the line again, readline goes up as many rows as it had before. In a wider window it has fewer, and words above would be
   * erased. In a narrower one some terminals wrap it again and some do not, so it goes up no further than before.
   */
  #beforeResize(): true {
    const lines = this.#lines as Interface & { prevRows?: number }
    lines.prevRows = Math.min(lines.prevRows ?? 0, lines.getCursorPos().rows)
    return true
  }
}

/** Standard error as readline sees it: the window's size, and news of it only while something is typed. */
class Screen extends Writable {
  constructor(mayResize: () => boolean) {
    super({
      write(chunk, _, done) {
        process.stderr.write(chunk)
        done()
      },
    })
    process.stderr.on('resize', () => mayResize() && this.emit('resize'))
  }

  get columns(): number {
    return process.stderr.columns
  }
}
