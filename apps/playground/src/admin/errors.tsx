// Errors: what failed over time, and at which provider with which code.
import { useState } from 'preact/hooks'
import { useAnswer } from './api.js'
import { DaysPlot, dayOf, daysBetween, seriesOf } from './days-plot.js'
import { Loaded } from './parts.js'

interface Count {
  [dimension: string]: string | number | null | undefined
  requests: number
  last: string
}

const dayMs = 86_400_000
const number = new Intl.NumberFormat('en')
/** What an error without a provider is: one of the gateway's own. */
const nameOf = (by: string, value: unknown) =>
  String(value ?? (by === 'provider' ? 'the gateway' : by === 'error' ? 'left' : 'none'))

export function Errors({ show }: { show(filter: Record<string, string>): void }) {
  const [by, setBy] = useState('error')
  const [from, setFrom] = useState(() => dayOf(Date.now() - 6 * dayMs))
  const [to, setTo] = useState(() => dayOf(Date.now()))
  const range = new URLSearchParams({ ...(from && { from }), ...(to && { to }) })
  const days = useAnswer<{ data: Count[] }>(`/errors?by=day,${by}&${range}`)
  const counts = useAnswer<{ data: Count[] }>(`/errors?by=provider,error&${range}`)
  const rows = counts.answer?.data
  const series = seriesOf(days.answer?.data ?? [], (row) => ({
    day: String(row.day),
    name: nameOf(by, row[by]),
    value: row.requests,
  }))
  const all = days.answer?.data.map(({ day }) => String(day)).sort() ?? []
  return (
    <section aria-labelledby="errors">
      <div class="row">
        <h2 id="errors">Errors</h2>
        <label>
          From
          <input type="date" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label>
          To
          <input type="date" value={to} onChange={(event) => setTo(event.currentTarget.value)} />
        </label>
        <label>
          By
          <select value={by} onChange={(event) => setBy(event.currentTarget.value)}>
            {['error', 'provider', 'key', 'team', 'model', 'status'].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <Loaded
        error={days.error ?? counts.error}
        items={days.answer && rows}
        empty="No request failed in this time."
      >
        <DaysPlot
          title="Errors"
          days={daysBetween(from || all[0] || to, to || all.at(-1) || dayOf(Date.now()))}
          series={series}
          words={(value) => number.format(value)}
        />
        <div class="card">
          <table>
            <caption>By provider and code</caption>
            <thead>
              <tr>
                <th scope="col">Provider and code</th>
                <th scope="col">Requests</th>
                <th scope="col">Last</th>
                <th scope="col">Which</th>
              </tr>
            </thead>
            <tbody>
              {rows?.map(({ provider, error, requests, last }) => {
                const words = `${nameOf('provider', provider)}: ${nameOf('error', error)}`
                return (
                  <tr key={words}>
                    <th scope="row">{words}</th>
                    <td data-name="Requests" class="wrong">
                      {number.format(requests)}
                    </td>
                    <td data-name="Last">{last.slice(0, 16).replace('T', ' ')} UTC</td>
                    <td data-name="Which">
                      <button
                        type="button"
                        aria-label={`Show requests: ${words}`}
                        onClick={() =>
                          show({
                            ...(provider && { provider: String(provider) }),
                            ...(error && { error: String(error) }),
                          })
                        }
                      >
                        Show
                      </button>
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      </Loaded>
    </section>
  )
}
