// How fast answers come: tokens a second as they are made, and the wait for the first one, as plots and as a table.
import { type Conversation, rateOf, ratesOf } from '../talk.js'
import { type Line, Plot } from './plot.js'

export function Numbers({ conversation: { turns } }: { conversation: Conversation }) {
  const last = turns.at(-1)
  if (last === undefined) return <p class="hint">Numbers come with the first answer.</p>
  const rates = last.answers.map(({ model, numbers }) => ({ model, ...ratesOf(numbers) }))
  const seconds = rates.reduce<number[]>(
    (longest, one) => (one.seconds.length > longest.length ? one.seconds : longest),
    [],
  )
  const models = [...new Set(turns.flatMap(({ answers }) => answers.map(({ model }) => model)))]
  const firsts = models.map(
    (model): Line => ({
      name: model,
      values: turns.map(({ answers }) => {
        const ms = answers.find((answer) => answer.model === model)?.numbers.firstMs
        return ms === undefined ? null : ms / 1000
      }),
    }),
  )
  return (
    <div class="numbers">
      <Plot
        title="Tokens a second, last answer"
        x={seconds}
        xName="s"
        lines={rates.map(({ model, rates }) => ({
          name: model,
          values: seconds.map((_, at) => rates[at] ?? null),
        }))}
      />
      <Plot
        title="First token, seconds, by turn"
        x={turns.map((_, index) => index + 1)}
        xName="turn"
        lines={firsts}
        points
      />
      <table>
        <caption>Each answer</caption>
        <thead>
          <tr>
            <th scope="col">Turn</th>
            <th scope="col">Model</th>
            <th scope="col">First, s</th>
            <th scope="col">Tokens/s</th>
            <th scope="col">In</th>
            <th scope="col">Out</th>
          </tr>
        </thead>
        <tbody>
          {turns.flatMap(({ id, answers }, index) =>
            answers.map(({ model, numbers }) => (
              <tr key={`${id} ${model}`}>
                <td>{index + 1}</td>
                <td>{model}</td>
                <td>{numbers.firstMs === undefined ? '–' : (numbers.firstMs / 1000).toFixed(2)}</td>
                <td>{rateOf(numbers)?.toFixed(1) ?? '–'}</td>
                <td>{numbers.usage?.inputTokens ?? '–'}</td>
                <td>{numbers.usage?.outputTokens ?? '–'}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  )
}
