// Records a command in a real terminal as an SVG: `npm run record -w apps/cli` after a build writes that of `patchbay demo`, for the
// README. Each character appears when the command wrote it, but slower, so that it can be read.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const columns = 92
const shownSeconds = 12
const [cellWidth, rowHeight, padding] = [8.4, 19, 16]

const { cells, endMs } = await run(['demo'])
writeFileSync(at('../../../docs/public/demo.svg'), toSvg('npm start -- demo', cells, endMs))

/** Runs the command; each cell of its last screen with when it was last written. */
async function run(args) {
  const screen = new xterm.Terminal({ cols: columns, rows: 60, allowProposedApi: true })
  const start = performance.now()
  const seen = new Map()
  const child = spawn(process.execPath, [at('../dist/index.js'), ...args], {
    cols: columns,
    rows: 60,
    cwd: at('.'),
    env: { PATH: process.env.PATH, TERM: 'xterm-256color', XDG_CONFIG_HOME: '/nonexistent' },
  })
  const drawn = []
  child.onData((text) => drawn.push(new Promise((done) => screen.write(text, () => done(look())))))
  const code = await new Promise((resolve) => child.onExit(({ exitCode }) => resolve(exitCode)))
  if (code !== 0) throw new Error(`The command ended with ${code}.`)
  await Promise.all(drawn)
  return {
    cells: [...seen.values()].filter(({ text }) => text.trim() !== ''),
    endMs: performance.now() - start,
  }

  function look() {
    const ms = performance.now() - start
    for (let row = 0; row < screen.rows; row++)
      for (let column = 0; column < columns; column++) {
        const cell = screen.buffer.active.getLine(row)?.getCell(column)
        const text = cell?.getChars() ?? ''
        const style = `${cell?.isBold() ? 'b' : ''}${cell?.isDim() ? 'd' : ''}`
        const key = row * columns + column
        const known = seen.get(key)
        if (known?.text !== text || known.style !== style) seen.set(key, { row, column, text, style, ms })
      }
  }
}

/** Runs of cells of one row, style and time become one text. */
function toSvg(command, cells, endMs) {
  const runs = []
  for (const cell of cells.toSorted((a, b) => a.row - b.row || a.column - b.column)) {
    const last = runs.at(-1)
    const gap = last === undefined ? -1 : cell.column - last.column - last.text.length
    if (last?.row === cell.row && last.style === cell.style && last.ms === cell.ms && gap >= 0)
      last.text += ' '.repeat(gap) + cell.text
    else runs.push({ ...cell })
  }
  const rows = Math.max(...runs.map(({ row }) => row)) + 3
  const width = Math.ceil(columns * cellWidth + 2 * padding)
  const height = rows * rowHeight + 2 * padding
  const text = ({ row, column, text, style, ms }, shift = 2) => {
    const delay = ((ms / endMs) * shownSeconds).toFixed(2)
    const x = (padding + column * cellWidth).toFixed(1)
    const y = padding + (row + shift) * rowHeight + 13
    const length = (text.length * cellWidth).toFixed(1)
    return `<text class="${style}" x="${x}" y="${y}" textLength="${length}" style="animation-delay:${delay}s">${escapeXml(text)}</text>`
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A recording of patchbay demo in a terminal">
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #d6dae1; white-space: pre; animation: show .01s both }
.b { font-weight: 700; fill: #fff }
.d { fill: #8f98a6 }
@keyframes show { from { visibility: hidden } }
@media (prefers-reduced-motion: reduce) { text { animation: none } }
</style>
<rect width="${width}" height="${height}" rx="8" fill="#15181d"/>
${text({ row: 0, column: 0, text: `$ ${command}`, style: 'b', ms: 0 }, 0)}
${runs.map((run) => text(run)).join('\n')}
</svg>
`
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
