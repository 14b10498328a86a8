// Model picker: one model, or several side by side.
import { models } from '../models.js'
import { chosenModels } from '../settings.js'
import { Icon, IconButton } from './icons.js'

const maxModels = 4

export function ModelPicker() {
  const chosen = chosenModels.value
  const names = models.value.state === 'known' ? models.value.names : chosen
  const more = names.find((name) => !chosen.includes(name))
  const moveLeft = (index: number) => {
    const next = [...chosen]
    next.splice(index - 1, 2, chosen[index] as string, chosen[index - 1] as string)
    chosenModels.value = next
  }
  return (
    <fieldset class="model-picker">
      <legend class="unseen">Models</legend>
      {chosen.map((name, index) => (
        <div key={name} class="chosen">
          {index > 0 ? (
            <IconButton icon="left" label={`Move ${name} to the left`} onClick={() => moveLeft(index)} />
          ) : null}
          <label>
            <span class="unseen">{index === 0 ? 'Model' : `Compared with, ${index}`}</span>
            <select
              value={name}
              onChange={({ currentTarget }) =>
                (chosenModels.value = [...new Set(chosen.with(index, currentTarget.value))])
              }
            >
              {names.map((one) => (
                <option key={one} value={one} disabled={one !== name && chosen.includes(one)}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          {chosen.length > 1 ? (
            <IconButton
              icon="close"
              label={`Remove ${name}`}
              onClick={() => (chosenModels.value = chosen.filter((one) => one !== name))}
            />
          ) : null}
        </div>
      ))}
      {more !== undefined && chosen.length < maxModels ? (
        <button type="button" onClick={() => (chosenModels.value = [...chosen, more])}>
          <Icon name="add" /> Compare
        </button>
      ) : null}
    </fieldset>
  )
}
