// The prefix store with several processes that save to it at once, at the worst moment: one is done in the middle of another's file.
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/fixtures.js'
import type { LoadSettings } from '../../supervisor/protocol.js'
import { PrefixStore } from './prefix-store.js'
import type { Sequence } from './sequence.js'

/** A sequence whose state is a text, and what happens while it is saved. */
function sequence(state: string, meanwhile: () => Promise<void> = async () => {}) {
  const loaded: string[] = []
  return {
    loaded,
    nextTokenIndex: 100,
    async saveStateToFile(path: string) {
      await meanwhile()
      await writeFile(path, state)
      return { fileSize: state.length }
    },
    async loadStateFromFile(path: string) {
      loaded.push(readFileSync(path, 'utf8'))
    },
  } as unknown as Sequence & { loaded: string[] }
}

function folderWithModel() {
  const cacheDir = temporaryFolder()
  const modelPath = join(cacheDir, 'model.gguf')
  writeFileSync(modelPath, 'a model')
  const settings = { keepPrefixes: true, cacheDir, modelPath } as LoadSettings
  const storeOf = async (...facts: unknown[]) =>
    (await PrefixStore.of(facts, settings)) ?? expect.fail('no store')
  const files = () =>
    readdirSync(join(cacheDir, 'prefixes'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.includes('.state'),
    )
  return { cacheDir, storeOf, files }
}

it.each([
  ['the same settings', 'one', 1],
  ['other settings', 'other', 2],
])('a process saves its states while one with %s saves and ends', async (_, facts, left) => {
  const { storeOf, files } = folderWithModel()
  const [mine, other] = [await storeOf('one'), await storeOf(facts)]
  await mine.save([sequence('mine', () => other.save([sequence('theirs')]))])
  expect(files()).toHaveLength(left)
  const restored = sequence('')
  expect(await mine.restore([restored])).toBe(1)
  expect(restored.loaded).toEqual(['mine'])
  // Each state is loaded once.
  expect(await mine.restore([sequence('')])).toBe(0)
})

it('removes the states of other settings, and what killed processes have left', async () => {
  const { storeOf, files, cacheDir } = folderWithModel()
  await (await storeOf('one')).save([sequence('a'), sequence('b')])
  const [name = ''] = files()
  const draft = join(cacheDir, 'prefixes', `${name}.draft`)
  writeFileSync(draft, 'half')
  const store = await storeOf('other')
  await store.save([sequence('c')])
  expect(files()).toHaveLength(2)
  utimesSync(draft, new Date(0), new Date(0))
  await store.save([sequence('d')])
  expect(files()).toHaveLength(1)
  const restored = sequence('')
  await store.restore([restored])
  expect(restored.loaded).toEqual(['d'])
})
