// Publishes what is not published yet, with provenance. The repository that provenance names is the one this runs in; it
// is written into the manifests here, so that a fork never claims to be somebody else.
//   GITHUB_REPOSITORY=owner/name node scripts/release.mjs [--dry-run]
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const repository = process.env.GITHUB_REPOSITORY
if (!/^[\w.-]+\/[\w.-]+$/.test(repository ?? '')) {
  process.stderr.write('GITHUB_REPOSITORY must be owner/name: provenance names the repository.\n')
  process.exit(2)
}
const dry = process.argv.includes('--dry-run')
const shell = process.platform === 'win32'

const places = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => `${group}/${name}`),
)
const before = places.map((place) => [place, readFileSync(join(root, place, 'package.json'), 'utf8')])
for (const [place, text] of before) {
  const manifest = JSON.parse(text)
  manifest.repository = { type: 'git', url: `git+https://github.com/${repository}.git`, directory: place }
  manifest.publishConfig = { access: 'public', provenance: true }
  writeFileSync(join(root, place, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
let status = 0
if (dry)
  for (const [place] of before) {
    const { stdout, status: one } = spawnSync(
      'npm',
      ['publish', '--dry-run', '--json', '--provenance=false'],
      {
        cwd: join(root, place),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        shell,
      },
    )
    status ||= one ?? 1
    if (one !== 0) continue
    const told = JSON.parse(stdout)
    const { id, entryCount, unpackedSize } = told.id === undefined ? Object.values(told)[0] : told
    process.stdout.write(`${id}: ${entryCount} files, ${(unpackedSize / 1000).toFixed(0)} KB\n`)
  }
else
  status =
    spawnSync('npx', ['--no-install', 'changeset', 'publish'], { cwd: root, stdio: 'inherit', shell })
      .status ?? 1
for (const [place, text] of before) writeFileSync(join(root, place, 'package.json'), text)
process.exit(status)
