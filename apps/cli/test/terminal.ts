// The command in a real terminal (a pseudo-terminal), and its screen as an emulator (xterm's, headless) draws it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { expect, onTestFinished, vi } from 'vitest'

const command = fileURLToPath(new URL('../dist/index.js', import.meta.url))

/** A command that runs in a terminal of this size. */
export interface TerminalSession {
  /** The lines that were printed, those above the window included, without empty ones at the end. */
  lines(): string[]
  /** All bytes that the command has sent. */
  sent(): string
  type(keys: string): void
  resize(columns: number, rows: number): void
  /** Waits until the screen shows this. */
  shows(text: string | RegExp): Promise<void>
  /** The exit code. */
  ended: Promise<number>
}

/** Starts the command with this configuration, and with nobody's keys. */
export function startInTerminal(
  args: string[],
  { config, columns = 80 }: { config?: object; columns?: number } = {},
): TerminalSession {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-terminal-'))
  if (config !== undefined) writeFileSync(join(folder, 'patchbay.config.json'), JSON.stringify(config))
  const screen = new xterm.Terminal({ cols: columns, rows: 24, scrollback: 1000, allowProposedApi: true })
  const none = {
    XDG_CONFIG_HOME: folder,
    PATCHBAY_PROVIDER: '',
    ANTHROPIC_API_KEY: '',
    OPENAI_API_KEY: '',
    GEMINI_API_KEY: '',
    OLLAMA_HOST: 'http://127.0.0.1:9',
    KEY: 'k',
    TERM: 'xterm-256color',
  }
  // Node takes the terminals of most CI systems for ones without colours.
  const colourless = /^(NO_COLOR|FORCE_COLOR|CI|GITHUB_.*|TEAMCITY_.*|NODE_DISABLE_COLORS)$/
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !colourless.test(name)))
  const child = spawn(process.execPath, [command, ...args], {
    cols: columns,
    rows: 24,
    cwd: folder,
    env: { ...inherited, ...none } as Record<string, string>,
  })
  let sent = ''
  let isRunning = true
  child.onData((text) => {
    sent += text
    screen.write(text)
  })
  const ended = new Promise<number>((resolve) =>
    child.onExit(({ exitCode }) => {
      isRunning = false
      resolve(exitCode)
    }),
  )
  onTestFinished(async () => {
    if (isRunning) child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const lines = () => {
    const { active } = screen.buffer
    const all: string[] = []
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row)
      const text = line?.translateToString(true) ?? ''
      if (line?.isWrapped) all.push(`${all.pop()}${text}`)
      else all.push(text)
    }
    while (all.at(-1) === '') all.pop()
    return all
  }
  return {
    lines,
    sent: () => sent,
    type: (keys) => child.write(keys),
    resize(columns, rows) {
      screen.resize(columns, rows)
      child.resize(columns, rows)
    },
    shows: (text) =>
      vi.waitFor(() => expect(lines().join('\n')).toMatch(text), { timeout: 20_000, interval: 10 }),
    ended,
  }
}
