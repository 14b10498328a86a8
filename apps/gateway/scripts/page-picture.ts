// Makes the picture of the chat page in the README, docs/public/page.png, from the real page with the bundled model:
// `npm run picture -w apps/gateway` after a build.
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@patchbay/config'
import { serve } from '@patchbay/gateway'
import { launch } from '../test/chromium.js'

// From .cache, where this program is run.
const picture = fileURLToPath(new URL('../../../docs/public/page.png', import.meta.url))
const config = { default: 'pico', providers: { pico: { use: 'local' as const } } }
const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
// The model is there, as it is for all but the first question of a day.
const messages = [{ role: 'user', content: 'What is the capital of Chile?' }]
const body = JSON.stringify({ model: 'pico', messages })
const headers = { 'content-type': 'application/json' }
const warm = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body })
if (!warm.ok) throw new Error(await warm.text())
await warm.text()
const browser = await launch()
const { page } = await browser.open(gateway.url, {
  viewport: { width: 1100, height: 640 },
  colorScheme: 'light',
})
page.setDefaultTimeout(60_000)
for (const question of ['What is the capital of France?', 'What is the capital of Peru?']) {
  await page.getByLabel('Your question').fill(question)
  await page.getByLabel('Your question').press('Enter')
  await page.locator('[aria-busy="true"]').waitFor()
  await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' })
}
await page.screenshot({ path: picture })
await browser.close()
await gateway.close()
