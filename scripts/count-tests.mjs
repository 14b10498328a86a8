// Adds up the test reports of all packages: prints "PASSED FAILED".
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const groups = ['packages', 'apps'].flatMap((group) =>
  readdirSync(at(group)).map((name) => `${group}/${name}`),
)
let passed = 0
let failed = 0
for (const place of [...groups, 'examples', 'benchmarks']) {
  const report = at(`${place}/.cache/test.json`)
  if (!existsSync(report)) continue
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
  passed += numPassedTests
  failed += numFailedTests
}
process.stdout.write(`${passed} ${failed}`)
