// Entry point of the admins' page.
import { render } from 'preact'
import '../tokens.css'
import './admin.css'
import { AdminPage } from './page.js'

render(<AdminPage />, document.getElementById('app') as HTMLElement)
