// Checks every regular expression of the product for super-linear backtracking (recheck), so that time grows linearly with the
// length of input. Harmless ones are in `accepted`, with the reason; an entry that is not needed any more fails. Expressions made
// at run time cannot be checked: the files that make some are in `made`, with their number and why they are harmless.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { accepted, made } from './accepted-regexes.mjs'

// Neither Java nor a native program: what npm alone brings.
process.env.RECHECK_BACKEND = 'pure'
const { checkSync } = await import('recheck')

const root = fileURLToPath(new URL('..', import.meta.url))

const sources = ['packages', 'apps'].flatMap((group) =>
  readdirSync(`${root}/${group}`).flatMap((name) => {
    try {
      return readdirSync(`${root}/${group}/${name}/src`, { recursive: true }).map(
        (file) => `${group}/${name}/src/${file}`,
      )
    } catch {
      return []
    }
  }),
)

/** Each expression once, with the places where it stands. */
const places = new Map()
/** Where expressions are made of more than what stands there, by file. */
const unseen = new Map()
for (const file of sources) {
  if (!/\.[cm]?[jt]sx?$/.test(file) || /\.test(-d)?\.|\.d\.ts$/.test(file)) continue
  const source = ts.createSourceFile(file, readFileSync(`${root}/${file}`, 'utf8'), ts.ScriptTarget.Latest)
  const lineOf = (node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
  const add = (node, expression) =>
    places.set(expression, [...(places.get(expression) ?? []), `${file}:${lineOf(node)}`])
  const visit = (node) => {
    if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) add(node, node.text)
    // `new RegExp('…', 'g')` of texts that stand there.
    else if (
      (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
      node.expression.getText(source) === 'RegExp'
    ) {
      const [pattern, flags] = node.arguments ?? []
      if (pattern && ts.isStringLiteralLike(pattern))
        add(node, `/${pattern.text}/${flags && ts.isStringLiteralLike(flags) ? flags.text : ''}`)
      else unseen.set(file, [...(unseen.get(file) ?? []), lineOf(node)])
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
}

/**
 * Whether the engine's own time grows faster than the text. The checker's fuzzing estimates this from short texts, on which an
 * expression with a large bounded repeat looks super-linear, and a busy machine changes what it finds.
 */
function isSlow(source, flags, { pumps, suffix }) {
  const expression = new RegExp(source, flags.replace(/[gy]/g, ''))
  const time = (repeats) => {
    const text = pumps.map(({ prefix, pump, bias }) => prefix + pump.repeat(repeats + bias)).join('') + suffix
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < 3 && least > 1; round++) {
      const from = performance.now()
      expression.exec(text)
      least = Math.min(least, performance.now() - from)
    }
    return least
  }
  for (let repeats = 64; repeats < 1 << 18; repeats *= 2) {
    const once = time(repeats)
    if (once < 4) continue
    return Math.log(time(repeats * 4) / once) / Math.log(4) > 1.5
  }
  return false
}

const unused = new Set(Object.keys(accepted))
let failed = 0
for (const [expression, at] of places) {
  const end = expression.lastIndexOf('/')
  const [source, flags] = [expression.slice(1, end), expression.slice(end + 1)]
  // The same seed, so that what is found once is found again; a busy machine takes longer.
  const settings = { timeout: 300_000, randomSeed: 1 }
  const { status, complexity, attack, error } = checkSync(source, flags, settings)
  if (status === 'safe') continue
  if (status === 'vulnerable' && complexity.isFuzz && !isSlow(source, flags, attack)) continue
  if (Object.hasOwn(accepted, expression)) {
    unused.delete(expression)
    continue
  }
  failed++
  const why =
    status === 'vulnerable'
      ? `${complexity.summary}, as for ${attack.pattern}`
      : `not decided: ${error?.kind}`
  process.stdout.write(`FAIL  ${at.join(', ')}: ${expression}: ${why}\n`)
}
for (const file of new Set([...unseen.keys(), ...Object.keys(made)])) {
  const lines = unseen.get(file) ?? []
  const listed = made[file]?.length ?? 0
  if (lines.length === listed) continue
  failed++
  process.stdout.write(
    `FAIL  ${file}: ${lines.length} made at ${lines.join(', ') || 'no line'}, ${listed} listed in accepted-regexes.mjs\n`,
  )
}
for (const expression of unused) process.stdout.write(`FAIL  accepted, but safe or gone: ${expression}\n`)
if (failed + unused.size === 0)
  process.stdout.write(`ok    ${places.size} regular expressions take time that grows with the text\n`)
process.exit(failed + unused.size === 0 ? 0 : 1)
