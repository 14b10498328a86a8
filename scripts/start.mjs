// `npm start`: builds what the command line needs, then runs it: `npm start -- "your question"` asks the bundled model,
// `npm start -- serve` runs that command. Without arguments it opens a chat on a terminal, and asks a default question elsewhere.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Patchbay needs Node 20.19 or newer; this is ${process.versions.node}. Install one from https://nodejs.org.\n`,
  )
  process.exit(1)
}

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const node = (file, args, stdio) =>
  spawnSync(process.execPath, [at(file), ...args], { cwd: process.env.INIT_CWD, stdio })

/** Builds, and says how far it is: on a terminal in one line that goes when it is done, elsewhere in one line at its start. */
async function build() {
  const isTerminal = process.stderr.isTTY
  const isFirst = !existsSync(at('apps/cli/dist/index.js'))
  if (isFirst && !isTerminal) process.stderr.write('Building (once) ...\n')
  const args = ['run', 'build', '--filter=@patchbay/cli...', '--output-logs=new-only', `--cwd=${at('.')}`]
  const turbo = spawn(process.execPath, [at('scripts/turbo.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let shown = ''
  turbo.stderr.on('data', (text) => {
    output += text
  })
  turbo.stdout.on('data', (text) => {
    output += text
    const packages = /Running build in (\d+) packages/.exec(output)?.[1]
    const begun = output.match(/^\S+:build: cache (hit|miss)/gm) ?? []
    const last = /^@patchbay\/(\S+):build: cache miss/.exec(begun.at(-1) ?? '')?.[1]
    if (!isTerminal || packages === undefined || last === undefined) return
    const line = `Building${isFirst ? ' (once)' : ''}: ${begun.length} of ${packages}, ${last} ...`
    if (line === shown) return
    shown = line
    process.stderr.write(`\r\x1b[K${line}`)
  })
  const [status] = await once(turbo, 'close')
  if (shown !== '') process.stderr.write('\r\x1b[K')
  if (status === 0) return
  process.stderr.write(output)
  process.exit(status ?? 1)
}
await build()

const given = process.argv.slice(2)
const terminal = process.stdin.isTTY && process.stdout.isTTY
const commands = new Set(
  `ask chat compare image speak demo serve worker key doctor explain providers models pull remove init completion
  help --help -h --version -V`.split(/\s+/),
)
let args = ['ask', '--stats', ...given]
if (commands.has(given[0])) args = given
else if (given.length === 0) args = terminal ? ['chat'] : ['ask', '--stats', 'What is the capital of France?']

// Standard input is only for a chat, or when the command is spelled out: `npm start` must not wait for one that
// nobody closes.
const { status, signal } = node('apps/cli/dist/index.js', args, [
  terminal || commands.has(given[0]) ? 'inherit' : 'ignore',
  'inherit',
  'inherit',
])
process.exit(signal === null ? (status ?? 1) : 130)
