// A form for what a key or a team may do. What it does not show stays as it is.
import { useEffect, useRef, useState } from 'preact/hooks'

interface Budget {
  per: string
  usd?: number
  tokens?: number
}

/** Limits that are numbers, and what people call them. */
const limits = {
  requestsPerMinute: 'Requests per minute',
  tokensPerMinute: 'Tokens per minute',
  concurrency: 'Requests at the same time',
}
type Limits = Record<string, number | string | undefined>

export interface Entry {
  name: string
  source?: string
  team?: string
  providers?: string[]
  limit?: Limits
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
  // The keys tell rows apart when one between them is removed.
  const [budgets, setBudgets] = useState(() =>
    (entry?.budget ?? []).map((budget, key): { key: number; budget?: Budget } => ({ key, budget })),
  )
  const form = useFocus()
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const given = new FormData(event.currentTarget as HTMLFormElement)
    try {
      await save(bodyOf(given, budgets, entry, teams !== undefined))
      done()
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <form ref={form} class="card" aria-label={title} onSubmit={submit}>
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
        {Object.entries(limits).map(([name, words]) => (
          <label key={name}>
            {words}
            <input
              name={name}
              type="number"
              min="1"
              placeholder="No limit"
              defaultValue={entry?.limit?.[name]}
            />
          </label>
        ))}
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
      {budgets.map(({ key, budget }, index) => (
        <BudgetFields
          key={key}
          prefix={`budget-${key}`}
          title={budgets.length > 1 ? `Budget ${index + 1}` : 'Budget'}
          budget={budget}
          remove={() => setBudgets(budgets.filter((one) => one.key !== key))}
        />
      ))}
      {problem !== '' && (
        <p role="alert" class="wrong">
          {problem}
        </p>
      )}
      <div class="row">
        <button type="submit" class="main">
          Save
        </button>
        <button
          type="button"
          onClick={() =>
            setBudgets([...budgets, { key: Math.max(-1, ...budgets.map(({ key }) => key)) + 1 }])
          }
        >
          Add a budget
        </button>
        <button type="button" onClick={done}>
          Cancel
        </button>
      </div>
    </form>
  )
}

interface BudgetProps {
  prefix: string
  title: string
  budget: Budget | undefined
  remove(): void
}

function BudgetFields({ prefix, title, budget, remove }: BudgetProps) {
  return (
    <fieldset class="fields budget">
      <legend>{title}</legend>
      <label>
        US dollars
        <input name={`${prefix}-usd`} type="number" min="0" step="any" defaultValue={budget?.usd} />
      </label>
      <label>
        Tokens
        <input name={`${prefix}-tokens`} type="number" min="0" step="1" defaultValue={budget?.tokens} />
      </label>
      <label>
        Per
        <select name={`${prefix}-per`}>
          {[...new Set(['month', 'day', 'ever', budget?.per ?? 'month'])].map((per) => (
            <option key={per} selected={per === budget?.per}>
              {per}
            </option>
          ))}
        </select>
      </label>
      <button type="button" aria-label={`Remove ${title.toLowerCase()}`} onClick={remove}>
        Remove
      </button>
    </fieldset>
  )
}

/** The first field has the focus while a form is open; then the button that opened it has it again. */
function useFocus() {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    const opener = document.activeElement
    form.current?.querySelector<HTMLElement>('input, select')?.focus()
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    }
  }, [])
  return form
}

function bodyOf(
  form: FormData,
  rows: readonly { key: number; budget?: Budget }[],
  entry: Entry | undefined,
  isKey: boolean,
): Record<string, unknown> {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const limit: Limits = { ...entry?.limit }
  for (const name of Object.keys(limits)) {
    if (text(name) === '') delete limit[name]
    else limit[name] = Number(text(name))
  }
  // A budget without a number is none.
  const budget = rows.flatMap(({ key, budget: before }) => {
    const { usd: _, tokens: __, ...others } = before ?? { per: '' }
    const [usd, tokens] = [text(`budget-${key}-usd`), text(`budget-${key}-tokens`)]
    if (usd === '' && tokens === '') return []
    return {
      ...others,
      per: text(`budget-${key}-per`),
      ...(usd !== '' && { usd: Number(usd) }),
      ...(tokens !== '' && { tokens: Number(tokens) }),
    }
  })
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
    !isSame(value, (before as Record<string, unknown>)[name] ?? null)
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => isNew(name, value)))
}

/** Whether two values are the same, in whatever order their fields stand. */
function isSame(one: unknown, other: unknown): boolean {
  const sorted = (_: string, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted)
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
    ...(limit.tokensPerMinute === undefined ? [] : [`${limit.tokensPerMinute} tokens a minute`]),
    ...(limit.concurrency === undefined ? [] : [`${limit.concurrency} at the same time`]),
    ...(providers === undefined ? [] : [`only ${providers.join(', ')}`]),
  ].join(' · ')
}
