// The admins' page as the gateway serves it, in a real browser: its states, for everybody, and what it must never do.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { adminKey, adminWorld } from '../../test/admin-world.js'
import { browserPath, launch, type Page } from '../../test/chromium.js'
import { over } from '../../test/served.js'

const shots = fileURLToPath(new URL('../../.cache/shots', import.meta.url))
mkdirSync(shots, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[]
}

it('the page of admins cannot be framed, and runs no script but its own', async () => {
  const { url } = await adminWorld()
  const response = await fetch(`${url}/admin`)
  expect(await response.text()).toContain('<title>Patchbay admin</title>')
  expect(await (await fetch(`${url}/admin/`)).text()).toContain('<title>Patchbay admin</title>')
  const policy = response.headers.get('content-security-policy')
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).toContain("script-src 'self'")
  expect(response.headers.get('referrer-policy')).toBe('no-referrer')
})

describe.skipIf(!browserPath)('the page of admins', () => {
  let browser: Awaited<ReturnType<typeof launch>>
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  const open = async (url: string, options?: Parameters<typeof browser.open>[1]) => {
    const one = await browser.open(`${url}/admin`, options)
    onTestFinished(() => one.context.close())
    return one
  }
  const signIn = async (page: Page, key = adminKey) => {
    await page.getByLabel('Admin key').fill(key)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  const view = (page: Page, name: string) =>
    page.getByRole('navigation').getByRole('button', { name }).click()

  it('says that a key is wrong, keeps the right one in its tab only, and forgets it', async () => {
    const { url } = await adminWorld()
    const { page, elsewhere } = await open(url)
    const addresses: string[] = []
    page.on('request', (request) => addresses.push(request.url()))
    await signIn(page, 'wrong')
    await expect.poll(() => page.getByRole('alert').textContent()).toBe('This is not an admin key.')
    await signIn(page)
    await page.getByText('Nothing was asked in this time.').waitFor()
    const kept = 'Object.keys(sessionStorage).length + localStorage.length + document.cookie.length'
    expect(await page.evaluate(kept)).toBe(1)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Admin key').waitFor()
    expect(await page.evaluate(kept)).toBe(0)
    expect(addresses.filter((address) => address.includes(adminKey))).toEqual([])
    expect(elsewhere).toEqual([])
  })

  it('makes, finds, changes, rotates and deletes keys', async () => {
    const { url, ask, admin } = await adminWorld()
    await admin('POST', '/teams', { name: 'red' })
    const { page, wrong } = await open(url)
    await signIn(page)
    await view(page, 'Keys')
    await page.getByText('There are no keys yet.').waitFor()
    await page.getByRole('button', { name: 'New key' }).click()
    const made = page.getByRole('form', { name: 'New key' })
    await made.getByLabel('Name').fill('ann')
    await made.getByLabel('Team').selectOption('red')
    await made.getByLabel('Budget in US dollars').fill('5')
    await made.getByLabel('Valid until').fill('2090-01-02T03:04')
    await made.getByRole('button', { name: 'Save' }).click()
    const first = await page.getByRole('status').locator('code').textContent()
    await page.getByRole('button', { name: 'Done' }).click()
    expect(await page.content()).not.toContain(first)
    const limit = { tokensPerMinute: 900 }
    await admin('PATCH', '/keys/ann', { limit })
    await page.getByRole('button', { name: 'Change ann' }).click()
    const changed = page.getByRole('form', { name: 'Change ann' })
    await changed.getByLabel('Budget in US dollars').fill('7')
    await changed.getByRole('button', { name: 'Save' }).click()
    await page.getByText('$7 a month').waitFor()
    expect((await admin('GET', '/keys/ann')).body).toMatchObject({
      team: 'red',
      budget: [{ per: 'month', usd: 7 }],
      // The page had not seen it.
      limit,
      expires: '2090-01-02T03:04:00.000Z',
    })
    // The price of this model is unknown, so that a budget in dollars refuses it.
    await admin('PATCH', '/keys/ann', { budget: null, limit: null })
    await page.getByRole('button', { name: 'Rotate ann' }).click()
    await page.getByRole('button', { name: 'Rotate ann' }).click()
    await page.getByText('the key before is valid until').waitFor()
    const second = await page.getByRole('status').locator('code').textContent()
    for (const key of [first, second]) expect((await ask(key ?? '')).status).toBe(200)
    await page.getByRole('searchbox').fill('nobody')
    await page.getByText('No key has this').waitFor()
    await page.getByRole('searchbox').fill('RED')
    await page.getByRole('button', { name: 'Delete ann' }).click()
    await page.getByRole('button', { name: 'Delete ann' }).click()
    await page.getByText('No key has this').waitFor()
    expect((await ask(second ?? '')).status).toBe(401)
    expect(wrong).toEqual([])
  })

  it('moves the focus into a question, and back to its button', async () => {
    const { url, admin } = await adminWorld()
    await admin('POST', '/keys', { name: 'ann' })
    const { page } = await open(url)
    await signIn(page)
    await view(page, 'Keys')
    const focused = () => page.evaluate('document.activeElement.textContent')
    await page.getByRole('button', { name: 'Delete ann' }).press('Enter')
    await expect.poll(focused).toBe('Cancel')
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Delete')
    expect((await admin('GET', '/keys/ann')).status).toBe(200)
  })

  it('gives the spend as CSV, and says what failed, with a way to try again', async () => {
    const { url, admin, ask, written } = await adminWorld()
    await ask((await admin('POST', '/keys', { name: 'ann' })).body.key)
    await written()
    const { page } = await open(url)
    await signIn(page)
    await page.getByRole('rowheader', { name: 'ann' }).waitFor()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download CSV' }).click()
    const download = await saved
    expect(download.suggestedFilename()).toBe('spend-by-key.csv')
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/^key,requests,.*\r\nann,1,/)
    await page.route('**/admin/teams', (route) =>
      route.fulfill({ status: 503, json: { error: { message: 'The database cannot be reached.' } } }),
    )
    await view(page, 'Teams')
    await page.getByText('The database cannot be reached.').waitFor()
    await page.unroute('**/admin/teams')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('There are no teams yet.').waitFor()
  })

  it('notices that the gateway is gone, and waits for it', async () => {
    const { url } = await adminWorld()
    const { page, context } = await open(url)
    await signIn(page)
    await page.getByText('Nothing was asked in this time.').waitFor()
    await context.setOffline(true)
    await view(page, 'Teams')
    await page.getByText('The gateway does not answer. Waiting for it…').waitFor()
    await context.setOffline(false)
    await page.getByText('There are no teams yet.').waitFor({ timeout: 15_000 })
    expect(await page.getByText('Waiting for it…').count()).toBe(0)
  })

  it.each([
    ['light', { colorScheme: 'light' as const }],
    ['dark', { colorScheme: 'dark' as const }],
    ['phone', { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true }],
  ])('can be used by everybody: %s', { timeout: 60_000 }, async (look, options) => {
    const markup = '<img src=x onerror=alert(1)>'
    const provider = mockProvider({ retry: false, answers: ['Hi.', new LlmError('overloaded', 'Busy.')] })
    const inner = await over(() => provider)
    onTestFinished(() => inner.close())
    const main = {
      use: 'openai' as const,
      api: 'chat' as const,
      preset: 'vllm',
      model: 'mock-1',
      baseURL: `${inner.url}/v1`,
      apiKey: 'none',
      retry: false as const,
    }
    const { url, admin, ask, written } = await adminWorld({}, undefined, {
      default: 'main',
      providers: { main },
      prices: { 'mock-1': { input: 300, output: 1500 } },
    })
    await admin('POST', '/teams', { name: 'red', budget: [{ per: 'month', usd: 500 }] })
    const { key } = (await admin('POST', '/keys', { name: 'ann', team: 'red' })).body
    for (const model of ['default', 'default', markup])
      await ask(key, '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'Hi' }] })
    await written()
    const { page, wrong } = await open(url, options)
    const check = async (where: string) => {
      await page.screenshot({ path: `${shots}/admin-${look}-${where}.png` })
      await page.evaluate(axe)
      const { violations } = await page.evaluate<AxeResult>('axe.run()')
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual(
        [],
      )
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
    await page.getByLabel('Admin key').waitFor()
    await check('sign-in')
    await signIn(page)
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'ann' }) })
    // Answers that have a price, beside a failure.
    expect(await row.getByRole('cell').first().textContent()).toMatch(/^\$0\.\d*[1-9]\d*$/)
    const bars = page.locator('.days rect')
    expect(Number(await bars.last().getAttribute('height'))).toBe(100)
    await check('spend')
    await view(page, 'Keys')
    await page.getByRole('button', { name: 'Change ann' }).click()
    await page.getByRole('form', { name: 'Change ann' }).waitFor()
    await page.getByRole('button', { name: 'Delete ann' }).click()
    await check('keys')
    await view(page, 'Teams')
    await page.getByText('$500 a month').waitFor()
    await check('teams')
    await view(page, 'Requests')
    await page.getByText(markup).waitFor()
    await check('requests')
    await view(page, 'Audit')
    await page.getByText('createTeam red').waitFor()
    await check('audit')
    expect(await page.locator('main img').count()).toBe(0)
    expect(wrong).toEqual([])
  })
})
