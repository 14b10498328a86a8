// Warns of tables of services and models that were compared with their sources more than 90 days ago. It never fails.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const most = 90
const marker = /(?:Last compared with its sources on |tableDate = ')(\d{4}-\d\d-\d\d)/
const today = Date.parse(process.env.PATCHBAY_TODAY ?? new Date().toISOString())

const files = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const source = join(folder, name, 'src')
    try {
      return readdirSync(join(root, source), { recursive: true }).map((file) => join(source, String(file)))
    } catch {
      return []
    }
  }),
)
const tables = files
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .flatMap((file) => {
    const date = marker.exec(readFileSync(join(root, file), 'utf8'))?.[1]
    return date === undefined ? [] : [{ file, days: Math.floor((today - Date.parse(date)) / 86_400_000) }]
  })
if (tables.length === 0)
  throw new Error('No table has the day on which it was last compared with its sources.')
const old = tables.filter(({ days }) => days > most)
for (const { file, days } of old)
  console.warn(`${file} was compared with its sources ${days} days ago: look for news, then change its date.`)
console.log(`${tables.length} tables of services and models, ${old.length} older than ${most} days`)
