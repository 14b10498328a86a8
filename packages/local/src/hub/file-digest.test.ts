import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { local } from '../index.js'

/** The thread may take its time on a busy machine. */
function eventually<Value>(read: () => Promise<Value>): Promise<Value> {
  return vi.waitFor(read, { timeout: 30_000 })
}

const sha256 = (...parts: string[]) => createHash('sha256').update(parts.join('')).digest('hex')

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'patchbay-digest-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

function modelAt(model: string, cacheDir: string | false) {
  const llm = local({ model, cacheDir })
  onTestFinished(() => llm.close())
  return async () => (await llm.models())[0]
}

it('lists the size of a model file at once, and its SHA-256 when it is computed', async () => {
  const dir = await folder()
  const path = join(dir, 'some.gguf')
  await writeFile(path, 'GGUF one')
  const info = modelAt(path, dir)
  expect(await info()).toEqual({ id: 'some', sizeBytes: 8 })
  await eventually(async () => expect(await info()).toMatchObject({ digest: sha256('GGUF one') }))
})

it('hashes another version of the file anew, and gives no hash of the old one meanwhile', async () => {
  const dir = await folder()
  const path = join(dir, 'some.gguf')
  await writeFile(path, 'GGUF one')
  const info = modelAt(path, false)
  await eventually(async () => expect(await info()).toHaveProperty('digest'))
  await writeFile(path, 'GGUF two')
  await utimes(path, 1, 1)
  expect(await info()).toEqual({ id: 'some', sizeBytes: 8 })
  await eventually(async () => expect(await info()).toMatchObject({ digest: sha256('GGUF two') }))
  expect(await readdir(dir)).toEqual(['some.gguf'])
})

it('stores the hash in the cache folder, for other processes', async () => {
  const dir = await folder()
  const path = join(dir, 'some.gguf')
  await writeFile(path, 'GGUF one')
  const info = modelAt(path, dir)
  await eventually(async () => expect(await info()).toHaveProperty('digest'))
  const files = await eventually(async () => {
    const found = await readdir(join(dir, 'digests'))
    expect(found).toEqual([expect.stringMatching(/\.json$/)])
    return found
  })
  // A process that starts later reads it: here, one whose memory is empty.
  const digest = 'a'.repeat(64)
  const { mtimeMs, size } = await stat(path)
  await writeFile(
    join(dir, 'digests', files[0] as string),
    JSON.stringify({ version: `${size}:${mtimeMs}`, digest }),
  )
  vi.resetModules()
  const later = (await import('../index.js')).local({ model: path, cacheDir: dir })
  onTestFinished(() => later.close())
  await eventually(async () => expect(await later.models()).toMatchObject([{ digest }]))
})

it('a model in parts has the size and the hash of all of them in order', async () => {
  const dir = await folder()
  const path = join(dir, 'some-00001-of-00002.gguf')
  await writeFile(path, 'GGUF one')
  await writeFile(join(dir, 'some-00002-of-00002.gguf'), 'GGUF two!')
  const info = modelAt(path, false)
  await eventually(async () =>
    expect(await info()).toEqual({ id: 'some', sizeBytes: 17, digest: sha256('GGUF one', 'GGUF two!') }),
  )
})

it('a file that is missing, or no file, has neither', async () => {
  const dir = await folder()
  expect(await modelAt(join(dir, 'missing.gguf'), dir)()).toEqual({ id: 'missing' })
  expect(await modelAt(dir, dir)()).not.toHaveProperty('sizeBytes')
  expect(await readdir(dir)).toEqual([])
})
