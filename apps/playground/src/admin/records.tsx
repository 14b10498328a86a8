// Single requests as they come, never their contents; and what admins did.
import { useEffect, useState } from 'preact/hooks'
import { changes, isGone, useAnswer } from './api.js'
import { Loaded } from './parts.js'

const followMs = 2000
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

export function Requests() {
  const { answer, error } = useAnswer<{ data: Request[] }>('/requests?limit=100')
  const [follows, setFollows] = useState(true)
  useEffect(() => {
    if (!follows) return
    const timer = setInterval(() => {
      if (!isGone.value) changes.value++
    }, followMs)
    return () => clearInterval(timer)
  }, [follows])
  return (
    <section aria-labelledby="requests">
      <div class="row">
        <h2 id="requests">Requests</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={follows}
            onChange={(event) => setFollows(event.currentTarget.checked)}
          />
          Follow
        </label>
      </div>
      <Loaded error={error} items={answer?.data} empty="No request yet. New ones appear here by themselves.">
        <ul class="entries tight">
          {answer?.data.map(({ id, at, status, ms, key, model, provider, error: kind, usd, estimated }) => (
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
  const { answer, error } = useAnswer<{ data: Action[] }>('/audit?limit=100')
  return (
    <section aria-labelledby="audit">
      <h2 id="audit">Audit</h2>
      <Loaded error={error} items={answer?.data} empty="No admin has changed anything yet.">
        <ul class="entries tight">
          {answer?.data.map(({ at, admin, action, name, change }, index) => (
            <li key={`${at} ${index}`} class="card">
              <strong>{`${action} ${name}`}</strong>
              <span class="soft">{`${admin} · ${time(at)} UTC`}</span>
              {change !== undefined && <code>{JSON.stringify(change)}</code>}
            </li>
          ))}
        </ul>
      </Loaded>
    </section>
  )
}
