// Side panel: settings, numbers, inspector.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { current } from '../conversation-store.js'
import { inspectorSelection } from '../inspector-selection.js'
import { later } from '../later.js'
import { sheetOf, swipe } from '../sheets.js'
import { Inspector } from './inspector.js'
import { ParametersForm } from './parameters.js'

const tabs = { parameters: 'Settings', statistics: 'Numbers', inspector: 'Inspector' }
// With the library that draws plots.
const statistics = later(() => import('./statistics.js'))
type Tab = keyof typeof tabs
const names = Object.keys(tabs) as Tab[]

export function SidePanel() {
  const tab = useSignal<Tab>('parameters')
  useEffect(() => {
    if (inspectorSelection.value !== undefined) tab.value = 'inspector'
  }, [inspectorSelection.value])
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    const next = names.at((names.indexOf(tab.value) + step) % names.length) as Tab
    tab.value = next
    document.getElementById(`tab-${next}`)?.focus()
  }
  return (
    <section class="panel" aria-label="Settings and numbers" {...sheetOf('panel')} {...swipe('right')}>
      <div role="tablist" aria-label="Side panel" onKeyDown={move}>
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
        {tab.value === 'statistics' ? <Numbers /> : null}
        {tab.value === 'inspector' ? <Inspector conversation={current.value} /> : null}
      </div>
    </section>
  )
}

function Numbers() {
  const Statistics = statistics.value?.Statistics
  if (Statistics === undefined) return <p class="hint">Loading …</p>
  return <Statistics conversation={current.value} />
}
