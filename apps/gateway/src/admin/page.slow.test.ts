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
  /** A gateway over two others: one that answers, and one that is busy. */
  const withTwoProviders = async () => {
    const busy = Array.from({ length: 20 }, () => new LlmError('overloaded', 'Busy.'))
    const inner = await Promise.all([
      over(() => mockProvider({ retry: false }), { onRequest: () => {} }),
      over(() => mockProvider({ retry: false, answers: busy }), { onRequest: () => {} }),
    ])
    onTestFinished(async () => {
      await Promise.all(inner.map((one) => one.close()))
    })
    const [good, bad] = inner.map(({ url }) => ({
      ...{ use: 'openai' as const, api: 'chat' as const, model: 'default', apiKey: 'none' },
      ...{ baseURL: `${url}/v1`, retry: false as const },
    }))
    return adminWorld({}, undefined, { default: 'good', providers: { good, bad } as never })
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
    await made.getByRole('button', { name: 'Add a budget' }).click()
    await made.getByLabel('US dollars').fill('5')
    await made.getByRole('button', { name: 'Add a budget' }).click()
    const second = made.getByRole('group', { name: 'Budget 2' })
    await second.getByLabel('Tokens', { exact: true }).fill('100000')
    await second.getByLabel('Per').selectOption('day')
    await made.getByLabel('Tokens per minute').fill('800')
    await made.getByLabel('Valid until').fill('2090-01-02T03:04')
    await made.getByRole('button', { name: 'Save' }).click()
    const first = await page.getByRole('status').locator('code').textContent()
    await page.getByRole('button', { name: 'Done' }).click()
    expect(await page.content()).not.toContain(first)
    expect((await admin('GET', '/keys/ann')).body).toMatchObject({
      budget: [
        { per: 'month', usd: 5 },
        { per: 'day', tokens: 100_000 },
      ],
      limit: { tokensPerMinute: 800 },
    })
    const limit = { tokensPerMinute: 900, requestsPerMinute: 600, concurrency: 10 }
    await admin('PATCH', '/keys/ann', { limit })
    await page.getByRole('button', { name: 'Change ann' }).click()
    const changed = page.getByRole('form', { name: 'Change ann' })
    await changed.getByLabel('US dollars').first().fill('7')
    await changed.getByRole('button', { name: 'Remove budget 2' }).click()
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
    await page.getByLabel('The old key stays valid').selectOption('a week')
    await page.getByRole('button', { name: 'Rotate ann' }).click()
    await page.getByText('the key before is valid until').waitFor()
    const { previousUntil } = (await admin('GET', '/keys/ann')).body
    expect((Date.parse(previousUntil) - Date.now()) / 86_400_000).toBeCloseTo(7, 1)
    const rotated = await page.getByRole('status').locator('code').textContent()
    for (const key of [first, rotated]) expect((await ask(key ?? '')).status).toBe(200)
    await page.getByRole('searchbox').fill('nobody')
    await page.getByText('No key has this').waitFor()
    await page.getByRole('searchbox').fill('RED')
    await page.getByRole('button', { name: 'Delete ann' }).click()
    await page.getByRole('button', { name: 'Delete ann' }).click()
    await page.getByText('No key has this').waitFor()
    expect((await ask(rotated ?? '')).status).toBe(401)
    expect(wrong).toEqual([])
  })

  it('shows lists in pages, and finds in all of them', async () => {
    const { url, admin } = await adminWorld()
    for (let at = 10; at < 70; at++) {
      await admin('POST', '/teams', { name: `team ${at}` })
      await admin('POST', '/keys', { name: `key ${at}`, team: `team ${at}` })
    }
    const { page, wrong } = await open(url)
    await signIn(page)
    await view(page, 'Keys')
    const heading = (name: string) => page.getByRole('heading', { level: 3, name })
    await heading('key 10').waitFor()
    expect(await heading('key 60').count()).toBe(0)
    await page.getByRole('button', { name: 'Next page' }).click()
    await heading('key 69').waitFor()
    expect(await page.getByRole('button', { name: 'Next page' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Previous page' }).click()
    await heading('key 10').waitFor()
    await page.getByRole('searchbox').fill('TEAM 66')
    await heading('key 66').waitFor()
    expect(await page.getByRole('heading', { level: 3 }).count()).toBe(1)
    await view(page, 'Teams')
    await page.getByRole('searchbox').fill('69')
    await heading('team 69').waitFor()
    await view(page, 'Audit')
    await page.getByText('createKey key 69').waitFor()
    await page.getByText('Filter', { exact: true }).click()
    await page.getByLabel('Key or team').fill('key 12')
    await page.getByLabel('Key or team').press('Enter')
    await expect.poll(() => page.getByText(/^createKey/).allTextContents()).toEqual(['createKey key 12'])
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByText('createKey key 69').waitFor()
    expect(wrong).toEqual([])
  })

  it('leads from an error to its requests, and says which providers answer', async () => {
    const { url, admin, ask, written } = await withTwoProviders()
    const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
    for (const model of ['good', 'bad', 'bad'])
      await ask(key, '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'Hi' }] })
    await written()
    const { page, wrong } = await open(url)
    await signIn(page)
    await view(page, 'Errors')
    const row = page.getByRole('row').filter({ hasText: 'openai: overloaded' })
    expect(await row.getByRole('cell').first().textContent()).toBe('2')
    await page.getByText('Numbers of the plot').click()
    const today = page.getByRole('row').filter({ hasText: new Date().toISOString().slice(0, 10) })
    expect(await today.first().getByRole('cell').allTextContents()).toContain('2')
    await row.getByRole('button').click()
    await expect.poll(() => page.getByRole('listitem').count()).toBe(2)
    expect(await page.getByLabel('Error').inputValue()).toBe('overloaded')
    await page.getByRole('button', { name: 'Show all' }).click()
    await expect.poll(() => page.getByRole('listitem').count()).toBe(3)
    await page.getByLabel('Only failed').check()
    await expect.poll(() => page.getByRole('listitem').count()).toBe(2)
    await view(page, 'Health')
    await page.getByRole('button', { name: 'Check the providers' }).click()
    await page.getByText('1 of 2 providers answer.').waitFor({ timeout: 20_000 })
    const bad = page.getByRole('listitem').filter({ hasText: 'does not answer' })
    expect(await bad.textContent()).toContain('overloaded')
    expect(wrong).toEqual([])
  })

  it('can be used with the keyboard alone', async () => {
    const { url, admin } = await adminWorld()
    const { page, wrong } = await open(url)
    const focused = () =>
      page.evaluate<string>('document.activeElement.textContent || document.activeElement.name')
    /** Goes on with Tab until something is reached, as people do. */
    const tabTo = async (text: string) => {
      for (let presses = 0; presses < 60; presses++) {
        if ((await focused()) === text) return
        await page.keyboard.press('Tab')
      }
      throw new Error(`Tab does not reach ${text}`)
    }
    await page.getByLabel('Admin key').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type(adminKey)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Spend' }).waitFor()
    await tabTo('Keys')
    await page.keyboard.press('Enter')
    await page.getByText('There are no keys yet.').waitFor()
    await tabTo('New key')
    await page.keyboard.press('Enter')
    // The first field has the focus at once.
    await expect.poll(focused).toBe('name')
    await page.keyboard.type('ann')
    await tabTo('Add a budget')
    await page.keyboard.press('Enter')
    // The new fields stand before the button.
    for (let presses = 0; presses < 6 && (await focused()) !== 'budget-0-tokens'; presses++)
      await page.keyboard.press('Shift+Tab')
    await page.keyboard.type('5000')
    await tabTo('Save')
    await page.keyboard.press('Enter')
    await page.getByText('It is shown only now.').waitFor()
    await expect.poll(focused).toBe('New key')
    await tabTo('Done')
    await page.keyboard.press('Enter')
    expect((await admin('GET', '/keys/ann')).body.budget).toEqual([{ per: 'month', tokens: 5000 }])
    await tabTo('Rotate')
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Cancel')
    await page.keyboard.press('Shift+Tab')
    await expect.poll(focused).toBe('Rotate ann')
    await page.keyboard.press('Enter')
    await page.getByText('the key before is valid until').waitFor()
    await tabTo('Delete')
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Cancel')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByText('There are no keys yet.').waitFor()
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
    await page.route(/\/admin\/teams/, (route) =>
      route.fulfill({ status: 503, json: { error: { message: 'The database cannot be reached.' } } }),
    )
    await view(page, 'Teams')
    await page.getByText('The database cannot be reached.').waitFor()
    await page.unroute(/\/admin\/teams/)
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
    await page.getByText('Numbers of the plot').click()
    await page.getByRole('combobox', { name: /^By/ }).selectOption('model')
    await page.getByRole('combobox', { name: /^Plot/ }).selectOption('Tokens in')
    await page.getByRole('rowheader', { name: 'mock-1' }).waitFor()
    await check('spend-by-model')
    await view(page, 'Errors')
    await page.getByRole('rowheader', { name: 'openai: overloaded' }).waitFor()
    await page.getByText('Numbers of the plot').click()
    await check('errors')
    await view(page, 'Health')
    await check('health-before')
    await page.getByRole('button', { name: 'Check the providers' }).click()
    await page.getByText('providers answer.').waitFor({ timeout: 20_000 })
    await check('health')
    await view(page, 'Keys')
    await page.getByRole('button', { name: 'Change ann' }).click()
    await page.getByRole('form', { name: 'Change ann' }).getByRole('button', { name: 'Add a budget' }).click()
    await page.getByRole('button', { name: 'Delete ann' }).click()
    await page.getByRole('button', { name: 'Rotate ann' }).click()
    await check('keys')
    await view(page, 'Teams')
    await page.getByText('$500 a month').waitFor()
    await check('teams')
    await view(page, 'Requests')
    await page.getByText(markup).waitFor()
    await check('requests')
    await page.getByText('Filter', { exact: true }).click()
    await check('requests-filter')
    await view(page, 'Audit')
    await page.getByText('createTeam red').waitFor()
    await check('audit')
    expect(await page.locator('main img').count()).toBe(0)
    expect(wrong).toEqual([])
  })
})
