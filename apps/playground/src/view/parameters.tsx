// The form of parameters. An empty field is not sent.
import { type Parameters, parameters } from '../settings.js'

const example = `[{
  "name": "get_weather",
  "description": "Get the current weather for a city",
  "input": {
    "type": "object",
    "properties": { "city": { "type": "string" } },
    "required": ["city"]
  }
}]`

export function ParametersForm() {
  return (
    <form class="parameters" onSubmit={(event) => event.preventDefault()}>
      <Text name="system" label="System" rows={3} />
      <div class="pair">
        <Amount name="temperature" label="Temperature" step="0.1" />
        <Amount name="topP" label="Top P" step="0.05" />
      </div>
      <div class="pair">
        <Amount name="maxOutputTokens" label="Max output tokens" step="1" />
        <Amount name="seed" label="Seed" step="1" />
      </div>
      <label>
        Reasoning
        <select
          value={parameters.value.reasoning}
          onChange={({ currentTarget }) => set('reasoning', currentTarget.value)}
        >
          <option value="">model's default</option>
          {['off', 'minimal', 'low', 'medium', 'high', 'max'].map((effort) => (
            <option key={effort} value={effort}>
              {effort}
            </option>
          ))}
        </select>
      </label>
      <Text name="stop" label="Stop sequences, one per line" rows={2} />
      <Text name="schema" label="JSON schema of the answer" rows={4} />
      <Text name="tools" label="Tools, as JSON" rows={6} />
      <button type="button" onClick={() => set('tools', example)}>
        Use an example tool
      </button>
    </form>
  )
}

function set(name: keyof Parameters, value: string): void {
  parameters.value = { ...parameters.value, [name]: value }
}

interface Field {
  name: keyof Parameters
  label: string
}

function Text({ name, label, rows }: Field & { rows: number }) {
  return (
    <label>
      {label}
      <textarea
        rows={rows}
        spellcheck={false}
        value={parameters.value[name]}
        onInput={({ currentTarget }) => set(name, currentTarget.value)}
      />
    </label>
  )
}

function Amount({ name, label, step }: Field & { step: string }) {
  return (
    <label>
      {label}
      <input
        type="number"
        min="0"
        step={step}
        value={parameters.value[name]}
        onInput={({ currentTarget }) => set(name, currentTarget.value)}
      />
    </label>
  )
}
