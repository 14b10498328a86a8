// The chat page in a real browser, before a gateway with two models that tests answer for.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@patchbay/config'
import { mockProvider } from '@patchbay/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type GatewayServer, serve } from '../src/index.js'
import { launch, type Page } from './chromium.js'
import { over } from './served.js'

export const shots = fileURLToPath(new URL('../.cache/shots', import.meta.url))
mkdirSync(shots, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[]
}

/** Keeps a picture of the page, and expects that everybody can use it and that it is not wider than the window. */
export async function lookAt(page: Page, name: string): Promise<void> {
  // The picture is taken when the sheet has stopped moving.
  await page.evaluate(`Promise.allSettled(
    document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime < Infinity).map(({ finished }) => finished))`)
  await page.screenshot({ path: `${shots}/${name}.png` })
  await page.evaluate(axe)
  const { violations } = await page.evaluate<AxeResult>('axe.run()')
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
  const { width = 0 } = page.viewportSize() ?? {}
  const { width: used = 0 } = (await page.locator('.conversation').boundingBox()) ?? {}
  if (width <= 900) expect(used).toBe(width)
  expect(
    await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
  ).toBe(true)
}

export const question = (page: Page) => page.getByLabel('Your question')
export const answer = (page: Page, model = 'small') => page.getByRole('article', { name: model }).last()
export async function ask(page: Page, text: string): Promise<void> {
  await question(page).fill(text)
  await question(page).press('Enter')
}

/** Registers what a file of tests needs. */
export function playground() {
  let browser: Awaited<ReturnType<typeof launch>>
  const opened: Awaited<ReturnType<typeof browser.open>>[] = []
  const gateways: GatewayServer[] = []
  const setUp = {
    small: mockProvider(),
    large: mockProvider(),
    url: '',
    /** Closed after the test. */
    gateways,
    async visit(url: string, options?: Parameters<typeof browser.open>[1]) {
      const one = await browser.open(url, options)
      opened.push(one)
      return one
    },
    /** The page, with the list of models loaded. */
    async open(options?: Parameters<typeof browser.open>[1]) {
      const one = await setUp.visit(setUp.url, options)
      await expect.poll(() => one.page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('small')
      return one
    },
  }
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    setUp.small = mockProvider({ retry: false })
    setUp.large = mockProvider({ retry: false })
    const inner = [await over(() => setUp.small), await over(() => setUp.large)]
    const entry = (at: number) => ({
      use: 'openai' as const,
      api: 'chat' as const,
      model: 'default',
      baseURL: `${inner[at]?.url}/v1`,
      apiKey: 'none',
      retry: false as const,
    })
    const config = { default: 'small', providers: { small: entry(0), large: entry(1) } }
    const outer = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
    gateways.push(outer, ...inner)
    setUp.url = outer.url
  })
  afterEach(async () => {
    for (const { context } of opened.splice(0)) await context.close()
    for (const gateway of gateways.splice(0)) await gateway.close()
  })
  return setUp
}
