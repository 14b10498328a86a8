// The models that the gateway offers.
import { signal } from '@preact/signals'
import { chosenModels, key } from './settings.js'

/** State of the model list. `needsKey`: the gateway requires an API key. */
export type Models =
  | { state: 'loading' }
  | { state: 'known'; names: string[] }
  | { state: 'needsKey' }
  | { state: 'failed'; message: string }

export const models = signal<Models>({ state: 'loading' })

/** Loads the model list, and drops chosen models that are gone. */
export async function loadModels(): Promise<void> {
  try {
    const headers = key.value === '' ? {} : { authorization: `Bearer ${key.value}` }
    const response = await fetch('/v1/models', { headers })
    if (response.status === 401) {
      models.value = { state: 'needsKey' }
      return
    }
    if (!response.ok) throw new Error(`The gateway answers with status ${response.status}.`)
    const { data } = (await response.json()) as { data: { id: string }[] }
    const names = data.map(({ id }) => id)
    models.value = { state: 'known', names }
    const there = chosenModels.value.filter((name) => names.includes(name))
    chosenModels.value = there.length > 0 ? there : names.slice(0, 1)
  } catch (error) {
    models.value = { state: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
}
