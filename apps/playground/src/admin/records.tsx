// Single requests as they come, never their contents; and what admins did.
import { useEffect, useState } from 'preact/hooks'
import { changes, isGone } from './api.js'
import { Filters, Pager, queryOf, usePages } from './lists.js'
import { Loaded } from './parts.js'

const followMs = 2000
const pageSize = 50
const time = (at: string) => at.slice(0, 19).replace('T', ' ')

interface Request {
  id: string
  at: string
  status: number
  ms: number
  key?: string
  model?: string
  provider?: string
  error?: string
  usd?: number
  estimated: boolean
}

const fields = {
  key: 'Key',
  team: 'Team',
  model: 'Model',
  provider: 'Provider',
  error: 'Error',
  from: 'From',
  to: 'To',
}

interface RequestsProps {
  filter: Record<string, string>
  setFilter(filter: Record<string, string>): void
}

export function Requests({ filter, setFilter }: RequestsProps) {
  const { failed = '', ...values } = filter
  const list = usePages<Request>(`/requests?limit=${pageSize}&${queryOf(filter)}`, 'before')
  const { items, error, isFirst } = list
  const [follows, setFollows] = useState(true)
  useEffect(() => {
    // Older pages do not change.
    if (!follows || !isFirst) return
    const timer = setInterval(() => {
      if (!isGone.value) changes.value++
    }, followMs)
    return () => clearInterval(timer)
  }, [follows, isFirst])
  const hasFilter = Object.values(filter).some((value) => value !== '')
  return (
    <section aria-labelledby="requests">
      <div class="row">
        <h2 id="requests">Requests</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={failed === 'true'}
            onChange={(event) => setFilter({ ...values, failed: event.currentTarget.checked ? 'true' : '' })}
          />
          Only failed
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={follows}
            onChange={(event) => setFollows(event.currentTarget.checked)}
          />
          Follow
        </label>
      </div>
      <Filters
        fields={fields}
        values={values}
        set={(next) => setFilter(Object.keys(next).length > 0 ? { ...next, failed } : {})}
      />
      <Loaded
        error={error}
        items={items}
        empty={hasFilter ? 'No request is like this.' : 'No request yet. New ones appear here by themselves.'}
      >
        <ul class="entries tight">
          {items?.map(({ id, at, status, ms, key, model, provider, error: kind, usd, estimated }) => (
            <li key={id} class="card">
              <span class={status >= 400 ? 'tag wrong' : 'tag'}>{status}</span>
              <strong>{model ?? kind ?? 'no model'}</strong>
              <span class="soft">
                {[
                  key,
                  provider,
                  model !== undefined && kind,
                  `${Math.round(ms)} ms`,
                  usd !== undefined && `$${usd.toFixed(4)}${estimated ? ' (estimated)' : ''}`,
                  `${time(at)} UTC`,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </li>
          ))}
        </ul>
        <Pager {...list} />
      </Loaded>
    </section>
  )
}

interface Action {
  at: string
  admin: string
  action: string
  name: string
  change?: unknown
}

export function Audit() {
  const [filter, setFilter] = useState<Record<string, string>>({})
  const list = usePages<Action>(`/audit?limit=${pageSize}&${queryOf(filter)}`, 'before')
  const { items, error } = list
  const hasFilter = Object.values(filter).some((value) => value !== '')
  return (
    <section aria-labelledby="audit">
      <h2 id="audit">Audit</h2>
      <Filters
        fields={{ name: 'Key or team', admin: 'Admin', action: 'Action' }}
        values={filter}
        set={setFilter}
      />
      <Loaded
        error={error}
        items={items}
        empty={hasFilter ? 'No admin has done this.' : 'No admin has changed anything yet.'}
      >
        <ul class="entries tight">
          {items?.map(({ at, admin, action, name, change }, index) => (
            <li key={`${at} ${index}`} class="card">
              <strong>{`${action} ${name}`}</strong>
              <span class="soft">{`${admin} · ${time(at)} UTC`}</span>
              {change !== undefined && <code>{JSON.stringify(change)}</code>}
            </li>
          ))}
        </ul>
        <Pager {...list} />
      </Loaded>
    </section>
  )
}
