// Spend: a plot over days of each key, team, model or provider, and the sums with a bar each.
import { useState } from 'preact/hooks'
import { ask, useAnswer } from './api.js'
import { DaysPlot, dayOf, daysBetween, seriesOf } from './days-plot.js'
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
const dollars = (usd: number) => `$${usd.toFixed(usd < 1 ? 4 : 2)}`
const format = new Intl.NumberFormat('en')
const whole = (value: number) => format.format(value)
/** Rows that are shown at first. */
const rowsAtFirst = 50

const measures = {
  'US dollars': (row: Sum) => row.usd,
  Requests: (row: Sum) => row.requests,
  Errors: (row: Sum) => row.errors,
  'Tokens in': (row: Sum) => row.inputTokens,
  'Tokens out': (row: Sum) => row.outputTokens,
}
type Measure = keyof typeof measures

export function Spend() {
  const [by, setBy] = useState('key')
  const [measure, setMeasure] = useState<Measure>('US dollars')
  const [from, setFrom] = useState(() => dayOf(Date.now() - 29 * dayMs))
  const [to, setTo] = useState(() => dayOf(Date.now()))
  const [problem, setProblem] = useState('')
  const [showsAll, setShowsAll] = useState(false)
  const range = new URLSearchParams({ ...(from && { from }), ...(to && { to }) })
  const days = useAnswer<{ data: Sum[] }>(`/spend?by=day${by === 'day' ? '' : `,${by}`}&${range}`)
  const path = `/spend?by=${by}&${range}`
  const sums = useAnswer<{ data: Sum[] }>(path)
  const value = measures[measure]
  const words = measure === 'US dollars' ? dollars : whole
  const rows = sums.answer?.data.toSorted((a, b) => value(b) - value(a) || b.requests - a.requests)
  const most = Math.max(...(rows ?? []).map(value), 0)
  const all = days.answer?.data.map(({ day }) => String(day)).sort() ?? []
  const series = seriesOf(days.answer?.data ?? [], (row) => ({
    day: String(row.day),
    name: by === 'day' ? measure : String(row[by] ?? 'none'),
    value: value(row),
  }))
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
        <label>
          Plot
          <select value={measure} onChange={(event) => setMeasure(event.currentTarget.value as Measure)}>
            {Object.keys(measures).map((name) => (
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
        <DaysPlot
          title={measure}
          days={daysBetween(from || all[0] || to, to || all.at(-1) || dayOf(Date.now()))}
          series={series}
          words={words}
        />
        <div class="card">
          <table>
            <caption>{`By ${by}, days in UTC`}</caption>
            <thead>
              <tr>
                <th scope="col">{by}</th>
                {Object.keys(measures).map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows?.slice(0, showsAll ? undefined : rowsAtFirst).map((row) => (
                <tr key={String(row[by])}>
                  <th scope="row">
                    {row[by] ?? 'none'}
                    <svg class="bar" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none">
                      <rect width={most > 0 ? (value(row) / most) * 100 : 0} height="1" />
                    </svg>
                  </th>
                  {Object.entries(measures).map(([name, read]) => (
                    <td
                      key={name}
                      data-name={name}
                      class={name === 'Errors' && row.errors > 0 ? 'wrong' : undefined}
                    >
                      {name === 'US dollars' ? dollars(read(row)) : whole(read(row))}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {!showsAll && rows !== undefined && rows.length > rowsAtFirst && (
            <button type="button" onClick={() => setShowsAll(true)}>
              {`Show all ${rows.length}`}
            </button>
          )}
        </div>
      </Loaded>
    </section>
  )
}
