// Adds up the test reports of all packages: prints "PASSED FAILED", and to stderr each failed test with its message.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const groups = ['packages', 'apps'].flatMap((group) =>
  readdirSync(at(group)).map((name) => `${group}/${name}`),
)
let passed = 0
let failed = 0
const places = [...groups, 'examples', 'benchmarks', 'docs', 'fuzz']
const reports = places.flatMap((place) => ['test', 'test-slow'].map((name) => [place, name]))
for (const [place, name] of reports) {
  const report = at(`${place}/.cache/${name}.json`)
  if (!existsSync(report)) continue
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  passed += numPassedTests
  failed += numFailedTests
  for (const { name: file, status, message, assertionResults } of testResults) {
    const broken = assertionResults.filter((test) => test.status === 'failed')
    for (const test of broken)
      process.stderr.write(
        `\nFAILED: ${place}: ${test.fullName}\n${test.failureMessages.join('\n').slice(0, 2000)}\n`,
      )
    // A file that could not be run has no tests to tell it by.
    if (status === 'failed' && broken.length === 0)
      process.stderr.write(`\nFAILED: ${place}: ${file}\n${message.slice(0, 2000)}\n`)
  }
}
process.stdout.write(`${passed} ${failed}`)
