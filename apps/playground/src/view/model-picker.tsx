// Model picker: one model, or several side by side.
import { models } from '../models.js'
import { chosenModels } from '../settings.js'

const maxModels = 4

export function ModelPicker() {
  const chosen = chosenModels.value
  const names = models.value.state === 'known' ? models.value.names : chosen
  const set = (index: number, name: string) => {
    const next = name === '' ? chosen.filter((_, at) => at !== index) : chosen.with(index, name)
    chosenModels.value = [...new Set(next)]
  }
  const more = names.find((name) => !chosen.includes(name))
  return (
    <fieldset class="model-picker">
      <legend class="unseen">Models</legend>
      {chosen.map((name, index) => (
        <label key={name}>
          <span class="unseen">{index === 0 ? 'Model' : `Compared with, ${index}`}</span>
          <select value={name} onChange={({ currentTarget }) => set(index, currentTarget.value)}>
            {index > 0 ? <option value="">none</option> : null}
            {names.map((one) => (
              <option key={one} value={one} disabled={one !== name && chosen.includes(one)}>
                {one}
              </option>
            ))}
          </select>
        </label>
      ))}
      {more !== undefined && chosen.length < maxModels ? (
        <button type="button" onClick={() => (chosenModels.value = [...chosen, more])}>
          Compare
        </button>
      ) : null}
    </fieldset>
  )
}
