// Spend: a plot over days, and the sums by key, team, model or provider with a bar each.
import { useState } from 'preact/hooks'
import { ask, useAnswer } from './api.js'
import { Loaded } from './parts.js'

interface Sum {
  [dimension: string]: string | number | null | undefined
  requests: number
  errors: number
  inputTokens: number
  outputTokens: number
  usd: number
}

const dayMs = 86_400_000
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const dollars = (usd: number) => `$${usd.toFixed(usd < 1 ? 4 : 2)}`
const number = new Intl.NumberFormat('en')

export function Spend() {
  const [by, setBy] = useState('key')
  const [from, setFrom] = useState(() => dayOf(Date.now() - 29 * dayMs))
  const [to, setTo] = useState(() => dayOf(Date.now()))
  const [problem, setProblem] = useState('')
  const range = new URLSearchParams({ ...(from && { from }), ...(to && { to }) })
  const days = useAnswer<{ data: Sum[] }>(`/spend?by=day&${range}`)
  const path = `/spend?by=${by}&${range}`
  const sums = useAnswer<{ data: Sum[] }>(path)
  const rows = sums.answer?.data.toSorted((a, b) => b.usd - a.usd || b.requests - a.requests)
  const most = Math.max(...(rows ?? []).map(({ usd }) => usd), 0)
  const download = async () => {
    try {
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await (await ask('GET', `${path}&format=csv`)).blob())
      link.download = `spend-by-${by}.csv`
      link.click()
      URL.revokeObjectURL(link.href)
      setProblem('')
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <section aria-labelledby="spend">
      <div class="row">
        <h2 id="spend">Spend</h2>
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
            {['key', 'team', 'model', 'provider', 'day'].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <button type="button" onClick={download}>
          Download CSV
        </button>
      </div>
      {problem !== '' && (
        <p role="alert" class="wrong">
          {problem}
        </p>
      )}
      <Loaded
        error={days.error ?? sums.error}
        items={days.answer && rows}
        empty="Nothing was asked in this time. Make a key, ask a model with it, or choose other days."
      >
        <Days sums={days.answer?.data ?? []} from={from} to={to} />
        <div class="card scroll">
          <table>
            <caption>{`By ${by}, days in UTC`}</caption>
            <thead>
              <tr>
                <th scope="col">{by}</th>
                <th scope="col">US dollars</th>
                <th scope="col">Requests</th>
                <th scope="col">Errors</th>
                <th scope="col">Tokens in</th>
                <th scope="col">Tokens out</th>
              </tr>
            </thead>
            <tbody>
              {rows?.map((row) => (
                <tr key={String(row[by])}>
                  <th scope="row">
                    {row[by] ?? 'none'}
                    <svg class="bar" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none">
                      <rect width={most > 0 ? (row.usd / most) * 100 : 0} height="1" />
                    </svg>
                  </th>
                  <td data-name="US dollars">{dollars(row.usd)}</td>
                  <td data-name="Requests">{number.format(row.requests)}</td>
                  <td data-name="Errors" class={row.errors > 0 ? 'wrong' : undefined}>
                    {number.format(row.errors)}
                  </td>
                  <td data-name="Tokens in">{number.format(row.inputTokens)}</td>
                  <td data-name="Tokens out">{number.format(row.outputTokens)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Loaded>
    </section>
  )
}

/** A column for each day, also for those without spend, up to a year. By day, the table has the same numbers. */
function Days({ sums, from, to }: { sums: Sum[]; from: string; to: string }) {
  const spent = new Map(sums.map(({ day, usd }) => [String(day), usd]))
  const first = Date.parse(from || String(sums[0]?.day))
  const last = Date.parse(to || String(sums.at(-1)?.day))
  const count = Math.min(366, Math.max(1, Math.round((last - first) / dayMs) + 1))
  const days = Array.from({ length: count }, (_, index) => dayOf(last - (count - 1 - index) * dayMs))
  const most = Math.max(...spent.values(), 0)
  const total = sums.reduce((sum, { usd }) => sum + usd, 0)
  return (
    <figure class="card">
      <figcaption>
        <strong class="total">{dollars(total)}</strong>{' '}
        <span class="soft">most on one day: {dollars(most)}</span>
      </figcaption>
      <svg class="days" aria-hidden="true" viewBox={`0 0 ${count} 100`} preserveAspectRatio="none">
        {days.map((day, index) => {
          const height = most > 0 ? ((spent.get(day) ?? 0) / most) * 100 : 0
          return <rect key={day} x={index + 0.1} width="0.8" y={100 - height} height={height} />
        })}
      </svg>
      <div class="row between soft">
        <span>{days[0]}</span>
        <span>{days.at(-1)}</span>
      </div>
    </figure>
  )
}
