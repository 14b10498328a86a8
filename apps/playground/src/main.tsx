// Entry point of the page.
import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { restore } from './conversation-store.js'
import { loadModels } from './models.js'
import { Page } from './view/page.js'

await restore()
render(<Page />, document.getElementById('app') as HTMLElement)
void loadModels()
