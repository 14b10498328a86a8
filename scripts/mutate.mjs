// Mutation test: changes the code on purpose, one place at a time, and counts how many of the changes (mutants) the tests notice.
// Run it in a copy of the repository, because it writes to the sources:
//   node scripts/mutate.mjs packages/core src/call --sample 120 [--seed 1] [--tests "src/call src/operations"]
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import ts from 'typescript'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    tests: { type: 'string' },
  },
})
const [folder = '.', source = 'src'] = positionals
const tests = (values.tests ?? source).split(' ')

const swaps = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
}

/** The mutants of a file: a place, and the text that replaces it. */
function mutantsOf(file) {
  const text = readFileSync(file, 'utf8')
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found = []
  const add = (node, replacement) =>
    found.push({ file, start: node.getStart(tree), end: node.end, replacement, text })
  const negate = (node) => add(node, `!(${node.getText(tree)})`)
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isImportDeclaration(node)) return
    if (ts.isBinaryExpression(node)) {
      const operator = node.operatorToken.getText(tree)
      if (operator in swaps) add(node.operatorToken, swaps[operator])
      if (operator === '??') add(node, `(${node.right.getText(tree)})`)
    } else if (ts.isIfStatement(node) || ts.isWhileStatement(node)) negate(node.expression)
    else if (ts.isConditionalExpression(node)) negate(node.condition)
    else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false')
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true')
    else if (ts.isNumericLiteral(node)) add(node, `(${node.getText(tree)} + 1)`)
    else if (ts.isExpressionStatement(node) && !node.getText(tree).startsWith('super')) add(node, '{}')
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

/** A repeatable order. */
function shuffled(list, seed) {
  let state = seed
  const next = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
  return list
    .map((one) => [next(), one])
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one)
}

const vitest = resolve('node_modules/vitest/vitest.mjs')
const root = join(folder, source)
const files = readdirSync(root, { recursive: true })
  .filter((name) => name.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(name))
  .map((name) => join(root, name))
const all = files.flatMap(mutantsOf)
const sample = shuffled(all, Number(values.seed)).slice(0, Number(values.sample))
let noticed = 0
let tried = 0
for (const { file, start, end, replacement, text } of sample) {
  writeFileSync(file, text.slice(0, start) + replacement + text.slice(end))
  const { status } = spawnSync(
    process.execPath,
    [
      ...[vitest, 'run', '--bail=1', '--typecheck.enabled=false', '--reporter=dot'],
      ...['--maxWorkers=1', '--no-isolate', '--pool=threads', '--testTimeout=15000'],
      ...tests,
    ],
    // A mutant may loop for ever.
    { cwd: folder, stdio: 'ignore', timeout: 60_000, killSignal: 'SIGKILL' },
  )
  writeFileSync(file, text)
  tried++
  if (status !== 0) noticed++
  else {
    const line = text.slice(0, start).split('\n').length
    console.log(
      `${file}:${line}: ${text.slice(start, end).replaceAll(/\s+/g, ' ')} → ${replacement.replaceAll(/\s+/g, ' ')}`,
    )
  }
  console.error(`${noticed} of ${tried} noticed`)
}
console.log(`${noticed} of ${tried} mutants were noticed, of ${all.length} in ${root}.`)
