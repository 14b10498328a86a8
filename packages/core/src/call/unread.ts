// Warns of a stream or run that nobody reads: nothing is sent for it. Loaded with the first that is not read at once.

/** What the app called. */
export interface Origin {
  /** Not given for a `map`, which calls what it likes. */
  readonly provider?: { readonly provider: string; readonly model: string }
  /** Its options: a call whose signal was aborted needs no reader. */
  readonly options: object
  /** Its stack has the line of the app. Not for streams: it takes 3 µs, and each policy makes a stream of its own. */
  readonly made?: Error
}

/** Whether reading has begun, or is not wanted any more. */
export interface Use {
  readonly begun: boolean
}

/** Not the call's options: what listens there may hold the reader, which would never be collected. */
interface Watched {
  readonly use: Use
  readonly signal: AbortSignal | undefined
  readonly text: string
}

interface Process {
  once(event: 'beforeExit', listener: () => void): void
  emitWarning(text: string, options: { type: string; code: string }): void
}

/** Those that exist, the oldest first. It does not hold the readers themselves. */
const watched = new Set<Watched>()
const reported = new Set<string>()

/** For apps that run long: a reader that was collected cannot be read any more. */
const collected = new FinalizationRegistry<Watched>((one) => {
  watched.delete(one)
  report(one)
})

const { process, console } = globalThis as {
  process?: Partial<Process>
  console?: { warn(text: string): void }
}

// For short programs, which end before anything is collected. It does not keep the process alive.
process?.once?.('beforeExit', () => {
  for (const one of watched) report(one)
})

/** Warns once the reader cannot be read any more, if it is not used until then. */
export function watch(reader: object, use: Use, { provider, options, made }: Origin): void {
  forgetUsed()
  if (use.begun) return
  const what = provider
    ? `A stream or run of ${provider.model} (${provider.provider}) was never read, so nothing was sent. Loop over it, or await stream.response() or run.result().`
    : 'The results of a map were never read, so nothing was run. Loop over them, or await them.'
  const text = `${what}${made ? appLine(`${made.stack}`) : ''}`
  const one = { use, signal: (options as { signal?: AbortSignal }).signal, text }
  watched.add(one)
  collected.register(reader, one, one)
}

/** Two are looked at for each that is added, so those that are used never become many. */
function forgetUsed(): void {
  let looked = 0
  for (const one of watched) {
    if (looked++ === 2) return
    watched.delete(one)
    if (one.use.begun) collected.unregister(one)
    else watched.add(one)
  }
}

function report({ use, signal, text }: Watched): void {
  if (use.begun || signal?.aborted) return
  // A server that forgets one forgets it with every request.
  if (reported.has(text) || reported.size > 100) return
  reported.add(text)
  if (process?.emitWarning) process.emitWarning(text, { type: 'PatchbayWarning', code: 'PATCHBAY_UNREAD' })
  else console?.warn(text)
}

/** The first line that is not one of these packages. */
function appLine(stack: string): string {
  const frames = stack.split('\n').slice(1)
  const line = frames.find((frame) => !ours.test(frame))
  return line === undefined ? '' : ` Made ${line.trim()}`
}

const ours = /@patchbay[/+]|[/\\]packages[/\\][a-z-]+[/\\](?:src|dist)[/\\](?!.*\.test\.)|^\s*at new /
