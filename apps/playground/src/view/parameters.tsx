// The form of parameters, in the words of a reader, with what the chosen models cannot do. An empty field is not sent.
import { reasonAgainst } from '../models.js'
import { type Parameters, parameters, problemIn } from '../settings.js'
import { Presets } from './presets.js'

const exampleTools = `[{
  "name": "get_weather",
  "description": "Get the current weather for a city",
  "input": {
    "type": "object",
    "properties": { "city": { "type": "string" } },
    "required": ["city"]
  }
}]`
const exampleSchema = `{
  "type": "object",
  "properties": {
    "summary": { "type": "string" },
    "score": { "type": "number" }
  },
  "required": ["summary", "score"]
}`

export function ParametersForm() {
  const noThinking = reasonAgainst('thinking', 'think before they answer')
  const noTools = reasonAgainst('tools', 'call tools')
  return (
    <form class="parameters" onSubmit={(event) => event.preventDefault()}>
      <Presets />
      <Text name="system" label="Instructions" hint="Given to the model before every question." rows={3} />
      <Amount
        name="temperature"
        label="Temperature"
        hint="0 always takes the likeliest word; higher is more varied."
        {...{ min: 0, max: 2, step: 0.1 }}
      />
      <Amount
        name="topP"
        label="Top P"
        hint="Only words within this share of the probability."
        {...{ min: 0, max: 1, step: 0.05 }}
      />
      <div class="pair">
        <Amount name="maxOutputTokens" label="Longest answer, tokens" {...{ min: 1, step: 1 }} />
        <Amount name="seed" label="Seed" {...{ min: 0, step: 1 }} />
      </div>
      <label>
        Thinking
        <select
          value={parameters.value.reasoning}
          disabled={noThinking !== undefined}
          aria-describedby={noThinking && 'no-thinking'}
          onChange={({ currentTarget }) => set('reasoning', currentTarget.value)}
        >
          <option value="">model's default</option>
          {['off', 'minimal', 'low', 'medium', 'high', 'max'].map((effort) => (
            <option key={effort} value={effort}>
              {effort}
            </option>
          ))}
        </select>
        <Reason id="no-thinking" text={noThinking} />
      </label>
      <Text name="stop" label="Stop at these texts, one per line" rows={2} />
      <Code name="schema" label="JSON schema of the answer" rows={4} example={exampleSchema} />
      <Code name="tools" label="Tools, as JSON" rows={6} example={exampleTools} reason={noTools} />
    </form>
  )
}

function set(name: keyof Parameters, value: string): void {
  parameters.value = { ...parameters.value, [name]: value }
}

function Reason({ id, text }: { id: string; text: string | undefined }) {
  return text === undefined ? null : (
    <span id={id} class="hint">
      {text}
    </span>
  )
}

interface Field {
  name: keyof Parameters
  label: string
  hint?: string
}

function Text({ name, label, hint, rows }: Field & { rows: number }) {
  return (
    <label>
      {label}
      <textarea
        rows={rows}
        aria-describedby={hint && `${name}-hint`}
        value={parameters.value[name]}
        onInput={({ currentTarget }) => set(name, currentTarget.value)}
      />
      <Reason id={`${name}-hint`} text={hint} />
    </label>
  )
}

/** JSON, looked at while it is written. */
function Code(props: Field & { rows: number; example: string; reason?: string | undefined }) {
  const { name, label, rows, example, reason } = props
  const problem = problemIn(name, parameters.value)
  return (
    <div class="json">
      <label>
        {label}
        <textarea
          rows={rows}
          spellcheck={false}
          disabled={reason !== undefined}
          aria-invalid={problem !== undefined}
          aria-describedby={`${name}-problem`}
          value={parameters.value[name]}
          onInput={({ currentTarget }) => set(name, currentTarget.value)}
        />
      </label>
      <span id={`${name}-problem`} class={problem === undefined ? 'hint' : 'error'}>
        {reason ?? problem}
      </span>
      {reason === undefined ? (
        <button
          type="button"
          class="quiet"
          onClick={() => set(name, parameters.value[name] === '' ? example : '')}
        >
          {parameters.value[name] === '' ? `Use an example ${name === 'tools' ? 'tool' : 'schema'}` : 'Clear'}
        </button>
      ) : null}
    </div>
  )
}

type AmountProps = Field & { min: number; max?: number; step: number }

/** A number; one with both ends has a slider too. */
function Amount({ name, label, hint, min, max, step }: AmountProps) {
  const value = parameters.value[name]
  const onInput = ({ currentTarget }: { currentTarget: HTMLInputElement }) => set(name, currentTarget.value)
  return (
    <div class="amount">
      <label>
        {label}
        <input
          type="number"
          aria-describedby={hint && `${name}-hint`}
          placeholder="model's default"
          {...{ min, max, step, value, onInput }}
        />
      </label>
      {max === undefined ? null : (
        <input
          type="range"
          aria-label={`${label}, slider`}
          tabIndex={-1}
          {...{ min, max, step, onInput }}
          value={value === '' ? 1 : value}
        />
      )}
      <Reason id={`${name}-hint`} text={hint} />
    </div>
  )
}
