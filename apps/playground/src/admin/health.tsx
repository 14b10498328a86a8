// Health: whether each provider answers, and what it can do. A check costs a few tokens, so it runs only when it is asked for.
import { useState } from 'preact/hooks'
import { ask } from './api.js'

interface Finding {
  outcome: 'yes' | 'no' | 'failed'
  detail?: string
}

interface Check {
  name: string
  provider?: string
  model?: string
  ok: boolean
  at: string
  ms: number
  findings: Record<string, Finding>
  endOfLife?: string
  problem?: string
}

export function Health() {
  const [checks, setChecks] = useState<Check[]>()
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState('')
  const run = async () => {
    setRunning(true)
    setProblem('')
    try {
      const { data } = await (await ask('GET', `/health${checks === undefined ? '' : '?maxAge=0'}`)).json()
      setChecks(data)
    } catch (error) {
      setProblem((error as Error).message)
    }
    setRunning(false)
  }
  return (
    <section aria-labelledby="health">
      <div class="row">
        <h2 id="health">Health</h2>
        <button type="button" class="main" disabled={isRunning} onClick={run}>
          {checks === undefined ? 'Check the providers' : 'Check again'}
        </button>
      </div>
      <p class="soft" role="status">
        {isRunning
          ? 'Checking… a provider that does not answer takes up to a minute.'
          : checks === undefined
            ? 'A check asks each provider for a text, a stream, a tool call, JSON, an image and an embedding. It costs a few tokens.'
            : `${checks.filter(({ ok }) => ok).length} of ${checks.length} providers answer.`}
      </p>
      {problem !== '' && (
        <p role="alert" class="wrong">
          {problem}
        </p>
      )}
      <ul class="entries">
        {checks?.map((check) => (
          <li key={check.name} class="card">
            <CheckEntry {...check} />
          </li>
        ))}
      </ul>
    </section>
  )
}

const outcomes = { yes: 'works', no: 'not there', failed: 'fails' }

function CheckEntry({ name, provider, model, ok, at, ms, findings, endOfLife, problem }: Check) {
  const details = new Set(
    Object.values(findings).flatMap(({ outcome, detail }) =>
      outcome === 'failed' && detail ? [detail] : [],
    ),
  )
  return (
    <>
      <h3>
        {name} <span class={ok ? 'tag' : 'tag wrong'}>{ok ? 'answers' : 'does not answer'}</span>
      </h3>
      <p class="soft">
        {[provider, model, `${ms} ms`, `${at.slice(0, 19).replace('T', ' ')} UTC`]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {endOfLife !== undefined && <p>The service serves this model until {endOfLife}.</p>}
      {[problem, ...details].filter(Boolean).map((text) => (
        <p key={text} class="wrong">
          {text}
        </p>
      ))}
      {Object.keys(findings).length > 0 && (
        <dl class="findings">
          {Object.entries(findings).map(([feature, { outcome }]) => (
            <div key={feature}>
              <dt>{feature}</dt>
              <dd class={outcome === 'failed' ? 'wrong' : undefined}>{outcomes[outcome]}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  )
}
