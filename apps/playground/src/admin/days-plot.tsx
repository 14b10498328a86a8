// A plot over days: one column a day, made of the largest series and the rest. Beside it a table with the same numbers.
export interface Series {
  name: string
  /** By day; a day without a value has 0. */
  values: ReadonlyMap<string, number>
}

interface DaysPlotProps {
  /** What is plotted, such as `US dollars`. */
  title: string
  days: readonly string[]
  series: readonly Series[]
  words(value: number): string
}

/** Series with a colour of their own; the others are one. */
const most = 4
const dayMs = 86_400_000

export const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** Every day of a time, the last year of it at most. */
export function daysBetween(from: string, to: string): string[] {
  const last = Date.parse(to)
  const count = Math.min(366, Math.max(1, Math.round((last - Date.parse(from)) / dayMs) + 1))
  return Array.from({ length: count }, (_, index) => dayOf(last - (count - 1 - index) * dayMs))
}

/** Series of rows that have a day and a name each. */
export function seriesOf<Row>(
  rows: readonly Row[],
  read: (row: Row) => { day: string; name: string; value: number },
): Series[] {
  const series = new Map<string, Map<string, number>>()
  for (const row of rows) {
    const { day, name, value } = read(row)
    const values = series.get(name) ?? new Map<string, number>()
    values.set(day, (values.get(day) ?? 0) + value)
    series.set(name, values)
  }
  return [...series].map(([name, values]) => ({ name, values }))
}

const sumOf = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0)

/** The largest ones, and the others together. */
function largest(series: readonly Series[]): Series[] {
  const sorted = [...series].sort((a, b) => sumOf(b.values.values()) - sumOf(a.values.values()))
  if (sorted.length <= most) return sorted
  const others = new Map<string, number>()
  for (const { values } of sorted.slice(most - 1))
    for (const [day, value] of values) others.set(day, (others.get(day) ?? 0) + value)
  return [...sorted.slice(0, most - 1), { name: `${sorted.length - most + 1} others`, values: others }]
}

export function DaysPlot({ title, days, series, words }: DaysPlotProps) {
  const shown = largest(series)
  const totalOf = (day: string) => sumOf(series.map(({ values }) => values.get(day) ?? 0))
  const totals = days.map(totalOf)
  const highest = Math.max(...totals, 0)
  const busy = days.filter((_, index) => (totals[index] ?? 0) > 0)
  return (
    <figure class="card plot" aria-label={`${title} by day`}>
      <figcaption>
        <strong class="total">{words(sumOf(totals))}</strong>{' '}
        <span class="soft">
          {title}, most on one day: {words(highest)}
        </span>
      </figcaption>
      <svg class="days" aria-hidden="true" viewBox={`0 0 ${days.length} 100`} preserveAspectRatio="none">
        {days.map((day, index) => {
          let bottom = 100
          return shown.map(({ name, values }, at) => {
            const height = highest > 0 ? ((values.get(day) ?? 0) / highest) * 100 : 0
            bottom -= height
            return (
              <rect
                key={`${day} ${name}`}
                class={`series-${at + 1}`}
                x={index + 0.1}
                width="0.8"
                y={bottom}
                height={height}
              />
            )
          })
        })}
      </svg>
      <div class="row between soft">
        <span>{days[0]}</span>
        <span>{days.at(-1)}</span>
      </div>
      <ul class="legend">
        {shown.map(({ name, values }, at) => (
          <li key={name}>
            <svg aria-hidden="true" viewBox="0 0 1 1">
              <rect class={`series-${at + 1}`} width="1" height="1" />
            </svg>
            {name} <span class="soft">{words(sumOf(values.values()))}</span>
          </li>
        ))}
      </ul>
      <details>
        <summary>Numbers of the plot</summary>
        <table>
          <caption>{`${title} by day, in UTC; days without any are left out`}</caption>
          <thead>
            <tr>
              <th scope="col">day</th>
              {shown.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              {shown.length > 1 && <th scope="col">all</th>}
            </tr>
          </thead>
          <tbody>
            {busy.toReversed().map((day) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                {shown.map(({ name, values }) => (
                  <td key={name} data-name={name}>
                    {words(values.get(day) ?? 0)}
                  </td>
                ))}
                {shown.length > 1 && <td data-name="all">{words(totalOf(day))}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  )
}
