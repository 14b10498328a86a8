// A form for what a key or a team may do. Limits and budgets that it does not show stay as they are.
import { useState } from 'preact/hooks'

interface Budget {
  per: string
  usd?: number
  tokens?: number
}

export interface Entry {
  name: string
  source?: string
  team?: string
  providers?: string[]
  limit?: Record<string, number>
  budget?: Budget[]
  expires?: string
  previousUntil?: string
}

interface RightsFormProps {
  title: string
  /** What is changed; nothing: a new one is made. */
  entry?: Entry
  /** Teams to choose from; none: this is for a team. */
  teams?: string[]
  save(body: Record<string, unknown>): Promise<unknown>
  done(): void
}

export function RightsForm({ title, entry, teams, save, done }: RightsFormProps) {
  const [problem, setProblem] = useState('')
  const money = entry?.budget?.find(({ usd }) => usd !== undefined)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    try {
      await save(bodyOf(form, entry, money, teams !== undefined))
      done()
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <form class="card" aria-label={title} onSubmit={submit}>
      <h3>{title}</h3>
      <div class="fields">
        {entry === undefined && (
          <label>
            Name
            <input name="name" required maxLength={64} autocomplete="off" />
          </label>
        )}
        {teams !== undefined && (
          <label>
            Team
            <select name="team" defaultValue={entry?.team ?? ''}>
              <option value="">None</option>
              {teams.map((team) => (
                <option key={team} selected={team === entry?.team}>
                  {team}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          Budget in US dollars
          <input
            name="usd"
            type="number"
            min="0"
            step="any"
            placeholder="No budget"
            defaultValue={money?.usd}
          />
        </label>
        <label>
          Budget per
          <select name="per">
            {['month', 'day', 'ever'].map((per) => (
              <option key={per} selected={per === money?.per}>
                {per}
              </option>
            ))}
          </select>
        </label>
        <label>
          Requests per minute
          <input
            name="rate"
            type="number"
            min="1"
            placeholder="No limit"
            defaultValue={entry?.limit?.requestsPerMinute}
          />
        </label>
        <label>
          Providers, with commas
          <input name="providers" placeholder="All" defaultValue={entry?.providers?.join(', ')} />
        </label>
        {teams !== undefined && (
          <label>
            Valid until (UTC)
            <input name="expires" type="datetime-local" defaultValue={entry?.expires?.slice(0, 16)} />
          </label>
        )}
      </div>
      {problem !== '' && (
        <p role="alert" class="wrong">
          {problem}
        </p>
      )}
      <div class="row">
        <button type="submit" class="main">
          Save
        </button>
        <button type="button" onClick={done}>
          Cancel
        </button>
      </div>
    </form>
  )
}

function bodyOf(
  form: FormData,
  entry: Entry | undefined,
  money: Budget | undefined,
  isKey: boolean,
): Record<string, unknown> {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const { requestsPerMinute: _, ...others } = entry?.limit ?? {}
  const limit = text('rate') === '' ? others : { ...entry?.limit, requestsPerMinute: Number(text('rate')) }
  const asked = { ...money, per: text('per'), usd: Number(text('usd')) }
  const budget = (entry?.budget ?? []).flatMap((one) =>
    one !== money ? [one] : text('usd') === '' ? [] : [asked],
  )
  if (money === undefined && text('usd') !== '') budget.push(asked)
  const providers = text('providers')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const body: Record<string, unknown> = {
    name: entry?.name ?? text('name'),
    providers: providers.length > 0 ? providers : null,
    limit: Object.keys(limit).length > 0 ? limit : null,
    budget: budget.length > 0 ? budget : null,
    ...(isKey && { team: text('team') || null, expires: expiresOf(text('expires'), entry) }),
  }
  // Only what was changed here: somebody else may have changed the rest since it was read.
  const before: object = entry ?? {}
  const isNew = (name: string, value: unknown) =>
    JSON.stringify(value) !== JSON.stringify((before as Record<string, unknown>)[name] ?? null)
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => isNew(name, value)))
}

/** The field has minutes: an end that was not touched keeps its seconds. */
function expiresOf(given: string, entry: Entry | undefined): string | null {
  if (given === '') return null
  return given === entry?.expires?.slice(0, 16) ? entry.expires : `${given}Z`
}

/** In a few words: what a key or a team may do. */
export function wordsOf({ budget = [], limit = {}, providers }: Entry): string {
  return [
    ...budget.map(({ usd, tokens, per }) =>
      [
        usd !== undefined && `$${usd}`,
        tokens !== undefined && `${tokens} tokens`,
        per === 'ever' ? 'ever' : `a ${per}`,
      ]
        .filter(Boolean)
        .join(' '),
    ),
    ...(limit.requestsPerMinute === undefined ? [] : [`${limit.requestsPerMinute} requests a minute`]),
    ...(providers === undefined ? [] : [`only ${providers.join(', ')}`]),
  ].join(' · ')
}
