// A real browser for tests, where there is one.
import { spawnSync } from 'node:child_process'
import { chromium, type Page } from 'playwright-core'

const names = [process.env.PATCHBAY_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome']
const command = names.find((name) => name && spawnSync(name, ['--version']).status === 0)

/** Its path; nothing where there is none. */
export const browserPath = command && spawnSync('which', [command], { encoding: 'utf8' }).stdout.trim()
if (!browserPath)
  process.stderr.write(
    'Skipped: tests of the page in a browser. There is no Chromium (apt install chromium, or PATCHBAY_CHROMIUM=path).\n',
  )

export async function launch() {
  const browser = await chromium.launch({
    executablePath: browserPath ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
  return {
    /** A page of a browser that has never been here. It remembers what went wrong, and who else was asked. */
    async open(url: string, options: Parameters<typeof browser.newContext>[0] = {}) {
      const context = await browser.newContext({ viewport: { width: 1400, height: 850 }, ...options })
      context.setDefaultTimeout(5000)
      const page = await context.newPage()
      const wrong: string[] = []
      const elsewhere: string[] = []
      page.on('pageerror', (error) => wrong.push(String(error)))
      page.on('console', (message) => {
        if (message.type() === 'error') wrong.push(message.text())
      })
      page.on('request', (request) => {
        const { origin, protocol } = new URL(request.url())
        if (origin !== new URL(url).origin && protocol.startsWith('http')) elsewhere.push(request.url())
      })
      await page.goto(url)
      return { page, context, wrong, elsewhere }
    },
    close: () => browser.close(),
  }
}

export type { Page }
