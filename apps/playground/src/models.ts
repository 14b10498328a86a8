// The models that the gateway offers, what each can do, and whether the gateway is there.
import { effect, signal } from '@preact/signals'
import { chosenModels, key } from './settings.js'

/** State of the model list. `needsKey`: the gateway requires an API key, or refuses the one it got. */
export type Models =
  | { state: 'loading' }
  | { state: 'known'; names: string[] }
  | { state: 'needsKey'; refused: boolean }
  | { state: 'failed'; message: string }

export const models = signal<Models>({ state: 'loading' })

/** Whether the gateway does not answer at the moment. */
export const isGone = signal(false)

/** What the chosen models can do, by name; a model that the gateway cannot tell about is not in it. */
const abilities = signal<ReadonlyMap<string, ReadonlySet<Ability>>>(new Map())
export type Ability = 'tools' | 'vision' | 'thinking'

const headers = (): Record<string, string> =>
  key.value === '' ? {} : { authorization: `Bearer ${key.value}` }

/** Loads the model list, and drops chosen models that are gone. */
export async function loadModels(): Promise<void> {
  try {
    const response = await fetch('/v1/models', { headers: headers() })
    if (response.status === 401) {
      models.value = { state: 'needsKey', refused: key.value !== '' }
      return
    }
    if (!response.ok) throw new Error(`The gateway answers with status ${response.status}.`)
    const { data } = (await response.json()) as { data: { id: string }[] }
    const names = data.map(({ id }) => id)
    models.value = { state: 'known', names }
    const there = chosenModels.value.filter((name) => names.includes(name))
    chosenModels.value = there.length > 0 ? there : names.slice(0, 1)
  } catch (error) {
    if (error instanceof TypeError) return waitForGateway()
    models.value = { state: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
}

const waitMs = 2000

/** Looks whether the gateway is there, and while it is not, looks again until it is. */
export function waitForGateway(): void {
  if (isGone.value) return
  const look = async (): Promise<void> => {
    const there = await fetch('/healthz').then(
      ({ ok }) => ok,
      () => false,
    )
    const was = isGone.value
    isGone.value = !there
    if (!there) setTimeout(() => void look(), waitMs)
    else if (was || models.value.state === 'loading') void loadModels()
  }
  void look()
}

/** Models that are the bundled one, whatever they are called here. */
const bundled = signal<ReadonlySet<string>>(new Set())
export const isPico = (model: string): boolean => bundled.value.has(model)

const asked = new Set<string>()

effect(() => {
  if (models.value.state !== 'known') return
  for (const model of chosenModels.value) if (!asked.has(model)) void askAbilities(model)
})

async function askAbilities(model: string): Promise<void> {
  asked.add(model)
  const response = await fetch('/api/show', {
    method: 'POST',
    headers: { ...headers(), 'content-type': 'application/json' },
    body: JSON.stringify({ model }),
  }).catch(() => undefined)
  if (response?.ok !== true) return
  const { capabilities, model_info: info } = (await response.json()) as {
    capabilities: Ability[]
    model_info: Record<string, unknown>
  }
  if (info['general.basename'] === 'pico') bundled.value = new Set(bundled.value).add(model)
  abilities.value = new Map(abilities.value).set(model, new Set(capabilities))
}

/** Why a chosen model cannot do this; nothing if all can, or it is not known. */
export function reasonAgainst(ability: Ability, what: string): string | undefined {
  const unable = chosenModels.value.filter((model) => abilities.value.get(model)?.has(ability) === false)
  return unable.length === 0 ? undefined : `${unable.join(' and ')} cannot ${what}.`
}
