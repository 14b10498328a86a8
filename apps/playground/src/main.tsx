// Entry point of the page.
import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { restore } from './conversation-store.js'
import { loadModels } from './models.js'
import { tell } from './notice.js'
import { presetInLink } from './presets.js'
import { parameters, unset } from './settings.js'
import { Page } from './view/page.js'

await restore()
const shared = presetInLink(location.hash)
if (shared !== undefined) {
  parameters.value = { ...unset, ...shared }
  history.replaceState(null, '', location.pathname)
  tell('These settings came with the link.')
}
render(<Page />, document.getElementById('app') as HTMLElement)
void loadModels()
