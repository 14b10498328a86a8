// Beside the conversation: what is asked for, the numbers, and one answer looked at closely.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { current } from '../conversations.js'
import { inspected } from '../inspected.js'
import { Inspector } from './inspector.js'
import { Numbers } from './numbers.js'
import { ParametersForm } from './parameters.js'

const tabs = { parameters: 'Parameters', numbers: 'Numbers', inspector: 'Inspector' }
type Tab = keyof typeof tabs
const names = Object.keys(tabs) as Tab[]

export function Aside() {
  const tab = useSignal<Tab>('parameters')
  useEffect(() => {
    if (inspected.value !== undefined) tab.value = 'inspector'
  }, [inspected.value])
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    const next = names.at((names.indexOf(tab.value) + step) % names.length) as Tab
    tab.value = next
    document.getElementById(`tab-${next}`)?.focus()
  }
  return (
    <section class="aside" aria-label="Settings and numbers">
      <div role="tablist" aria-label="Beside the conversation" onKeyDown={move}>
        {names.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-controls="panel"
            aria-selected={tab.value === name}
            tabIndex={tab.value === name ? 0 : -1}
            onClick={() => (tab.value = name)}
          >
            {tabs[name]}
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a panel is reached by the keyboard (ARIA practices, tabs) */}
      <div role="tabpanel" id="panel" aria-labelledby={`tab-${tab.value}`} tabIndex={0}>
        {tab.value === 'parameters' ? <ParametersForm /> : null}
        {tab.value === 'numbers' ? <Numbers conversation={current.value} /> : null}
        {tab.value === 'inspector' ? <Inspector conversation={current.value} /> : null}
      </div>
    </section>
  )
}
