// Speed of answers: tokens per second and time to first token, as plots and as a table.
import { shownPath } from '../branches.js'
import { averageRate, type Conversation, firstTokenMs, ratesOverTime, type Turn } from '../conversation.js'
import { type Line, Plot } from './plot.js'

export function Statistics({ conversation }: { conversation: Conversation }) {
  const turns = shownPath(conversation)
  const last = turns.at(-1)
  if (last === undefined) return <p class="hint">Statistics come with the first answer.</p>
  const rates = last.answers.map(({ model, numbers }) => ({ model, ...ratesOverTime(numbers) }))
  const seconds = rates.reduce<number[]>(
    (longest, one) => (one.seconds.length > longest.length ? one.seconds : longest),
    [],
  )
  const models = [...new Set(turns.flatMap(({ answers }) => answers.map(({ model }) => model)))]
  const firsts = models.map(
    (model): Line => ({
      name: model,
      values: turns.map(({ answers }) => {
        const numbers = answers.find((answer) => answer.model === model)?.numbers
        const ms = numbers && firstTokenMs(numbers)
        return ms === undefined ? null : ms / 1000
      }),
    }),
  )
  return (
    <div class="statistics">
      <Plot
        title="Tokens per second, last answer"
        x={seconds}
        xName="s"
        lines={rates.map(({ model, rates }) => ({
          name: model,
          values: seconds.map((_, at) => rates[at] ?? null),
        }))}
      />
      <Plot
        title="Time to first token (s), by turn"
        x={turns.map((_, index) => index + 1)}
        xName="turn"
        lines={firsts}
        points
      />
      <Votes turns={turns} models={models} />
      <table>
        <caption>All answers</caption>
        <thead>
          <tr>
            <th scope="col">Turn</th>
            <th scope="col">Model</th>
            <th scope="col">Load, s</th>
            <th scope="col">First token, s</th>
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
                <td>{secondsOf(numbers.loadMs)}</td>
                <td>{secondsOf(firstTokenMs(numbers))}</td>
                <td>{averageRate(numbers)?.toFixed(1) ?? '–'}</td>
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

function secondsOf(ms: number | undefined): string {
  return ms === undefined ? '–' : (ms / 1000).toFixed(2)
}

/** How often each model gave the best answer, once the reader has said so. */
function Votes({ turns, models }: { turns: readonly Turn[]; models: readonly string[] }) {
  const wins = models.map((model) => ({ model, count: turns.filter(({ best }) => best === model).length }))
  if (wins.every(({ count }) => count === 0)) return null
  return (
    <table>
      <caption>Best answers</caption>
      <tbody>
        {wins.map(({ model, count }) => (
          <tr key={model}>
            <th scope="row">{model}</th>
            <td>{count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
