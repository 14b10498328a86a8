// Entry point of the page.
import { render } from 'preact'
import './style.css'
import { modelCall } from './chat-session.js'
import { restore } from './conversation-store.js'
import { loadModels } from './models.js'
import { tell } from './notice.js'
import { presetInLink } from './presets.js'
import { parameters, unset } from './settings.js'
import { markdown } from './view/markdown.js'
import { Page } from './view/page.js'

await restore()
const shared = presetInLink(location.hash)
if (shared !== undefined) {
  parameters.value = { ...unset, ...shared }
  history.replaceState(null, '', location.pathname)
  tell('These settings came with the link.')
}
render(<Page />, document.getElementById('app') as HTMLElement)
// The client and the Markdown renderer are loaded once the page is interactive.
const parts = [modelCall, markdown]
void loadModels().finally(() => Promise.allSettled(parts.map((part) => part.load())))
