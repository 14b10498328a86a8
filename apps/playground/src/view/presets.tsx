// Presets: save the settings under a name, take them again, hand them on as a link or a file.
import { useRef } from 'preact/hooks'
import { tell } from '../notice.js'
import { linkOf, presetOf, presets, toPreset } from '../presets.js'
import { parameters, unset } from '../settings.js'
import { download, fileName } from '../transfer.js'
import { FilePicker } from './file-picker.js'

export function Presets() {
  const name = useRef<HTMLInputElement>(null)
  const names = Object.keys(presets.value)
  const preset = presetOf(parameters.value)
  const isSet = Object.keys(preset).length > 0
  const take = (next: object) => (parameters.value = { ...unset, ...next })
  const save = () => {
    const words = name.current?.value.trim() ?? ''
    if (words === '') return name.current?.focus()
    presets.value = { ...presets.value, [words]: preset }
    if (name.current !== null) name.current.value = ''
    tell(`Saved the settings as “${words}”.`)
  }
  const read = async (given: File | undefined) => {
    if (given === undefined) return
    const read = await given.text()
    let preset = {}
    try {
      preset = toPreset(JSON.parse(read))
    } catch {
      // Not JSON: it has no settings either.
    }
    if (Object.keys(preset).length > 0) take(preset)
    else tell('This file has no settings in it.')
  }
  return (
    <details class="presets">
      <summary>Presets</summary>
      {names.length === 0 ? <p class="hint">Settings that you save stand here.</p> : null}
      <ul>
        {names.map((one) => (
          <li key={one}>
            <button type="button" class="title" onClick={() => take(presets.value[one] ?? {})}>
              {one}
            </button>
            <button
              type="button"
              class="quiet"
              aria-label={`Delete preset ${one}`}
              onClick={() =>
                (presets.value = Object.fromEntries(
                  Object.entries(presets.value).filter(([name]) => name !== one),
                ))
              }
            >
              Delete
            </button>
          </li>
        ))}
      </ul>
      <div class="row">
        <label class="grow">
          <span class="unseen">Name of the preset</span>
          <input ref={name} placeholder="Name" />
        </label>
        <button type="button" disabled={!isSet} onClick={save}>
          Save
        </button>
      </div>
      <div class="row">
        <button
          type="button"
          class="quiet"
          disabled={!isSet}
          onClick={async () => {
            await navigator.clipboard.writeText(linkOf(preset))
            tell('Copied a link to these settings.')
          }}
        >
          Copy link
        </button>
        <button
          type="button"
          class="quiet"
          disabled={!isSet}
          onClick={() =>
            download(fileName('settings', 'json'), 'application/json', JSON.stringify(preset, null, 2))
          }
        >
          To a file
        </button>
        <FilePicker
          label="Settings"
          accept="application/json"
          onFiles={([file]) => void read(file)}
          button={(open) => (
            <button type="button" class="quiet" onClick={open}>
              From a file
            </button>
          )}
        />
        <button type="button" class="quiet" disabled={!isSet} onClick={() => take({})}>
          Clear all
        </button>
      </div>
    </details>
  )
}
