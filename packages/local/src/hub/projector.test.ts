// Downloads of a model together with its projector for images and sound.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { faultServer } from '@patchbay/testing'
import { expect, it, onTestFinished, vi } from 'vitest'
import { temporaryFolder } from '../../test/fixtures.js'
import { pulledModels, pullModel } from '../index.js'
import { resolveSettings } from '../options/options.js'

const pico = readFileSync(new URL('../../models/pico.gguf', import.meta.url))

it('pullModel downloads the projector with its model, and mmproj: true is that one', async () => {
  const manifest = { ggufFile: { rfilename: 'pico-q8.gguf' }, mmprojFile: { rfilename: 'mmproj-F16.gguf' } }
  const server = await faultServer(({ path }) => ({
    body: path.startsWith('/v2/') ? JSON.stringify(manifest) : pico,
  }))
  onTestFinished(() => server.close())
  vi.stubEnv('HF_ENDPOINT', server.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  const cacheDir = temporaryFolder()
  const files: string[] = []
  const path = await pullModel('hf:owner/repo:Q8_0', {
    cacheDir,
    onProgress: ({ file, files: all }) => files.push(`${file} of ${all}`),
  })
  expect(path).toContain('pico-q8.gguf')
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/v2/owner/repo/manifests/Q8_0',
    '/owner/repo/resolve/main/pico-q8.gguf',
    '/owner/repo/resolve/main/mmproj-F16.gguf',
  ])
  expect(new Set(files)).toEqual(new Set(['1 of 2', '2 of 2']))
  expect(readdirSync(dirname(path)).sort()).toEqual(['mmproj-F16.gguf', 'model.json', 'pico-q8.gguf'])
  expect((await pulledModels({ cacheDir }))[0]?.size).toBe(2 * pico.length)
  const { scheduler } = resolveSettings({ model: 'hf:owner/repo:Q8_0', cacheDir, mmproj: true })
  expect(scheduler.load).toMatchObject({
    engine: 'llama-server',
    modelPath: path,
    mmproj: join(dirname(path), 'mmproj-F16.gguf'),
  })
  // It stays the model that it is without a projector.
  expect(resolveSettings({ model: 'hf:owner/repo:Q8_0', cacheDir }).scheduler.load.engine).toBeUndefined()
  expect(() => resolveSettings({ model: path, cacheDir, mmproj: true })).toThrow(
    /Give the path of the projector/,
  )
})
