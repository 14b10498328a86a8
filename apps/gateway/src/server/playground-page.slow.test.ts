// What the page does for its reader besides asking: examples, branches, undo, search, presets, errors, phones.
import { readFile } from 'node:fs/promises'
import { loadConfig } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { browserPath, type Page } from '../../test/chromium.js'
import { answer, ask, lookAt, playground, question } from '../../test/playground.js'
import { serve } from '../index.js'

const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }
const entries = (page: Page) => page.getByRole('navigation', { name: 'Conversations' }).getByRole('listitem')
const menu = async (page: Page, title: string, entry: string) => {
  await page.getByLabel(`More for ${title}`, { exact: true }).click()
  await page.getByRole('button', { name: entry, exact: true }).click()
}
const says = async (page: Page, text: string) => {
  await expect.poll(() => answer(page).textContent()).toContain(text)
  await expect.poll(() => answer(page).getAttribute('aria-busy')).toBe('false')
}

describe.skipIf(!browserPath)('the page', () => {
  const the = playground()

  it.each([
    ['light', { colorScheme: 'light' as const }],
    ['dark', { colorScheme: 'dark' as const }],
    ['phone', phone],
  ])('teaches before the first question: %s', async (name, options) => {
    const { page, context } = await the.open(options)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await lookAt(page, `${name}-empty`)
    await page.getByRole('button', { name: 'Anthropic' }).click()
    await page.getByRole('button', { name: 'Copy sample' }).click()
    await expect
      .poll(() => page.evaluate<string>('navigator.clipboard.readText()'))
      .toBe(`ANTHROPIC_BASE_URL=${the.url} ANTHROPIC_API_KEY=\${PATCHBAY_KEY:-none} claude --model small`)
    the.small.answer('Because of scattering.')
    await page.getByRole('button', { name: /why the sky is blue/ }).click()
    await says(page, 'Because of scattering.')
  })

  it('has examples that the bundled model can answer', async () => {
    const loaded = await loadConfig({
      config: { default: 'small', providers: { small: { use: 'local' } } },
      user: false,
    })
    const gateway = await serve({ loaded, port: 0 })
    the.gateways.push(gateway)
    const { page } = await the.visit(gateway.url)
    await page.getByRole('button', { name: 'What is the capital of Japan?' }).click({ timeout: 30_000 })
    await expect
      .poll(() => page.getByRole('article').textContent(), { timeout: 30_000 })
      .toContain('The capital of Japan is Tokyo.')
  })

  it('keeps all versions of a question, switches between them, and takes back what was deleted', async () => {
    const { page } = await the.open()
    the.small.answer('First.', 'Second.', 'Second, again.', 'Another way.', 'A third.')
    await ask(page, 'One')
    await says(page, 'First.')
    await ask(page, 'Two')
    await says(page, 'Second.')
    await answer(page).getByRole('button', { name: 'Try again' }).click()
    await says(page, 'Second, again.')
    expect(the.small.requests[2]?.messages).toHaveLength(3)
    const versions = page.getByRole('group', { name: /^Version/ })
    await expect.poll(() => versions.textContent()).toBe('2/2')
    await page.getByRole('button', { name: 'Edit question' }).last().click()
    await page.getByLabel('Edited question').fill('Two, but better')
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await says(page, 'Another way.')
    await expect.poll(() => versions.textContent()).toBe('3/3')
    expect(the.small.requests[3]?.messages).toMatchObject([
      { role: 'user', content: [{ text: 'One' }] },
      { role: 'assistant' },
      { role: 'user', content: [{ text: 'Two, but better' }] },
    ])
    await ask(page, 'Three')
    await says(page, 'A third.')
    expect(the.small.requests[4]?.messages[2]?.content).toMatchObject([{ text: 'Two, but better' }])
    await lookAt(page, 'versions')
    // By keyboard, which stays at the same button.
    await versions.getByRole('button', { name: 'Previous version' }).focus()
    await page.keyboard.press('Enter')
    await says(page, 'Second, again.')
    await page.keyboard.press('Enter')
    await expect.poll(() => versions.textContent()).toBe('1/3')
    await says(page, 'Second.')
    expect(await page.getByRole('article').count()).toBe(2)
    await versions.getByRole('button', { name: 'Next version' }).click()
    await versions.getByRole('button', { name: 'Next version' }).click()
    await says(page, 'A third.')
    await page.getByRole('button', { name: 'Delete question' }).nth(1).click()
    await expect.poll(() => versions.textContent()).toBe('2/2')
    await says(page, 'Second, again.')
    await page.getByRole('button', { name: 'Undo' }).click()
    await says(page, 'A third.')
    await expect.poll(() => versions.textContent()).toBe('3/3')
    // Kept, exported, imported, and found in what is not shown.
    await versions.getByRole('button', { name: 'Previous version' }).click()
    await expect.poll(() => versions.textContent()).toBe('2/3')
    await page.reload()
    await expect.poll(() => versions.textContent()).toBe('2/3')
    const coming = page.waitForEvent('download')
    await menu(page, 'One', 'Export as JSON')
    const file = await (await coming).path()
    await menu(page, 'One', 'Delete One')
    await expect.poll(() => entries(page).count()).toBe(0)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => entries(page).count()).toBe(1)
    await menu(page, 'One', 'Delete One')
    await page.getByLabel('Exported conversations').setInputFiles(file)
    await page.getByLabel('Search conversations').fill('a third')
    await page.getByRole('button', { name: 'One', exact: true }).click()
    await says(page, 'A third.')
    await expect.poll(() => versions.textContent()).toBe('3/3')
  })

  it('finds, pins, renames, exports and imports conversations', async () => {
    const { page } = await the.open()
    the.small.answer('Green apples.', 'Ripe bananas.')
    await ask(page, 'First fruit')
    await says(page, 'Green apples.')
    await page.getByRole('button', { name: 'New conversation' }).click()
    await ask(page, 'Second fruit')
    await says(page, 'Ripe bananas.')
    await page.getByLabel('Search conversations').fill('apples')
    await expect.poll(() => entries(page).allTextContents()).toEqual([expect.stringContaining('First fruit')])
    await page.getByLabel('Search conversations').fill('')
    await menu(page, 'First fruit', 'Pin')
    await expect.poll(() => entries(page).first().textContent()).toContain('First fruit')
    await menu(page, 'First fruit', 'Rename')
    await page.getByLabel('New name').fill('Apples')
    await page.keyboard.press('Enter')
    await lookAt(page, 'list-wide')
    const exported = async (entry: string) => {
      const coming = page.waitForEvent('download')
      await menu(page, 'Apples', entry)
      const download = await coming
      return { name: download.suggestedFilename(), path: await download.path() }
    }
    const markdown = await exported('Export as Markdown')
    expect(markdown.name).toBe('Apples.md')
    expect(await readFile(markdown.path, 'utf8')).toBe(
      '# Apples\n\n**You**\n\nFirst fruit\n\n**small**\n\nGreen apples.\n',
    )
    const json = await exported('Export as JSON')
    await page.getByLabel('Exported conversations').setInputFiles(json.path)
    await expect.poll(() => entries(page).count()).toBe(3)
    await page.getByLabel('Exported conversations').setInputFiles(markdown.path)
    await page.getByText('This file is not JSON').waitFor()
  })

  it('lets several conversations answer at once', async () => {
    const { page } = await the.open()
    the.small.answer({ text: 'slow and steady', interval: 700 }, 'Quick.')
    await ask(page, 'Slow')
    await expect.poll(() => answer(page).textContent()).toContain('slow')
    await page.getByRole('button', { name: 'New conversation' }).click()
    await ask(page, 'Fast')
    await says(page, 'Quick.')
    await page.getByRole('button', { name: /^Slow/ }).first().click()
    await says(page, 'slow and steady')
  })

  it('colours code, copies it, and wraps it', async () => {
    const { page, context, elsewhere } = await the.open()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    the.small.answer('Here:\n\n```ts\nconst a = "<b>1</b>"\n```\n\nand\n\n```\nplain\n```')
    await ask(page, 'Code')
    await expect.poll(() => answer(page).locator('.hljs-keyword').textContent()).toBe('const')
    await answer(page).getByRole('button', { name: 'Copy code' }).first().click()
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe('const a = "<b>1</b>"')
    expect(await answer(page).locator('pre b').count()).toBe(0)
    await answer(page).getByRole('button', { name: 'Wrap' }).first().click()
    await expect.poll(() => answer(page).locator('.code').first().getAttribute('data-wraps')).toBe('true')
    await lookAt(page, 'code')
    expect(elsewhere).toEqual([])
  })

  it('takes text, PDFs and audio, recalls questions, and refuses what no model takes', async () => {
    const { page } = await the.open()
    const files = page.getByLabel('Attachments')
    const file = (name: string, mimeType: string) => ({ name, mimeType, buffer: Buffer.from('abc') })
    await files.setInputFiles(file('a.zip', 'application/zip'))
    await page.getByText('a.zip is not an image, a PDF, audio or text.').waitFor()
    await files.setInputFiles([file('notes.md', 'text/markdown'), file('a.pdf', 'application/pdf')])
    await page.getByRole('button', { name: 'Remove a.pdf' }).waitFor()
    await ask(page, 'What is in them?')
    await expect.poll(() => the.small.requests.length).toBe(1)
    expect(the.small.requests[0]?.messages[0]?.content).toMatchObject([
      { type: 'text', text: expect.stringContaining('File notes.md:\n\nabc') },
      { type: 'file', mediaType: 'application/pdf', data: 'YWJj' },
      { type: 'text', text: 'What is in them?' },
    ])
    await question(page).press('ArrowUp')
    await expect.poll(() => question(page).inputValue()).toContain('What is in them?')
  })

  it('remembers which answer was best, and moves and removes models', async () => {
    const { page } = await the.open()
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await ask(page, 'Which?')
    await expect.poll(() => answer(page, 'large').getAttribute('aria-busy')).toBe('false')
    await answer(page, 'large').getByRole('button', { name: 'Best answer' }).click()
    await page.getByRole('tab', { name: 'Numbers' }).click()
    const votes = page.getByRole('table', { name: 'Best answers' })
    await expect.poll(() => votes.textContent()).toContain('large1')
    await page.reload()
    await page.getByRole('tab', { name: 'Numbers' }).click()
    await expect.poll(() => votes.textContent()).toContain('large1')
    await page.getByRole('button', { name: 'Move large to the left' }).click()
    await expect.poll(() => page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('large')
    await page.getByRole('button', { name: 'Remove large' }).click()
    await expect.poll(() => page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('small')
  })

  it('saves settings as a preset, and hands them on as a link', async () => {
    const { page, context } = await the.open()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('textbox', { name: 'Instructions' }).fill('Be brief. 短く')
    await page.getByText('Presets', { exact: true }).click()
    await page.getByLabel('Name of the preset').fill('Brief')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Copy link' }).click()
    const link = await page.evaluate<string>('navigator.clipboard.readText()')
    await page.getByRole('button', { name: 'Clear all' }).click()
    await page.getByRole('button', { name: 'Brief', exact: true }).click()
    const instructions = page.getByRole('textbox', { name: 'Instructions' })
    await expect.poll(() => instructions.inputValue()).toBe('Be brief. 短く')
    await lookAt(page, 'presets')
    const other = await the.visit(link)
    await expect
      .poll(() => other.page.getByRole('textbox', { name: 'Instructions' }).inputValue())
      .toBe('Be brief. 短く')
    expect(new URL(other.page.url()).hash).toBe('')
  })

  it('says in plain words what failed, with the next step', async () => {
    const { page } = await the.open()
    the.small.answer(new LlmError('overloaded', 'Busy.'))
    await ask(page, 'Hi')
    const alert = answer(page).getByRole('alert')
    await expect.poll(() => alert.textContent()).toMatch(/The model is busy.*overloaded/)
    await lookAt(page, 'failed')
    the.small.answer('Now it works.', new LlmError('context-length', 'Long.'))
    await alert.getByRole('button', { name: 'Try again' }).click()
    await says(page, 'Now it works.')
    await ask(page, 'More')
    await alert.getByRole('button', { name: 'Start a new conversation' }).click()
    await expect.poll(() => page.getByRole('article').count()).toBe(0)
  })

  it('notices that the gateway is gone, and waits for it', async () => {
    const { page } = await the.open()
    const [outer] = the.gateways.splice(0, 1)
    await outer?.close()
    await ask(page, 'Anybody?')
    await page.getByText('The gateway does not answer. Waiting for it …').waitFor()
    await lookAt(page, 'gone')
    const config = { default: 'small', providers: { small: { use: 'local' as const } } }
    const loaded = await loadConfig({ config, user: false })
    the.gateways.push(await serve({ loaded, port: Number(new URL(the.url).port) }))
    await expect
      .poll(() => page.getByText('The gateway does not answer').count(), { timeout: 20_000 })
      .toBe(0)
  })

  it('is an app on a phone: sheets close by Back, Escape and swipe, targets fit a finger', async () => {
    const { page } = await the.open(phone)
    const list = page.getByRole('navigation', { name: 'Conversations' })
    const opens = async () => {
      await page.getByRole('button', { name: 'Conversations' }).tap()
      await list.waitFor()
    }
    // The list is kept, and lies over the conversation, which has the whole window.
    await ask(page, 'Anybody?')
    await says(page, '')
    const widthOf = async (name: string) => (await page.getByRole('region', { name }).boundingBox())?.width
    expect(await widthOf('Open conversation')).toBe(390)
    const isClosed = () => expect.poll(() => list.isVisible()).toBe(false)
    await opens()
    await page.goBack()
    await isClosed()
    await opens()
    await page.keyboard.press('Escape')
    await isClosed()
    await opens()
    await page.evaluate(`{
      const nav = document.querySelector('nav')
      const touch = (x) => new Touch({ identifier: 1, target: nav, clientX: x, clientY: 300 })
      nav.dispatchEvent(new TouchEvent('touchstart', { touches: [touch(250)], bubbles: true }))
      nav.dispatchEvent(new TouchEvent('touchend', { changedTouches: [touch(100)], bubbles: true }))
    }`)
    await isClosed()
    const small = await page.evaluate<string[]>(`
      [...document.querySelectorAll('button, select, summary, textarea')]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.classList.contains('unseen'))
        .filter((one) => { const { width, height } = one.getBoundingClientRect(); return width < 44 || height < 44 })
        .map((one) => one.outerHTML.slice(0, 120))`)
    expect(small).toEqual([])
    const manifest = await page.evaluate<{ display: string }>(
      `fetch(document.querySelector('link[rel=manifest]').href).then((answer) => answer.json())`,
    )
    expect(manifest.display).toBe('standalone')
  })

  it('loads little, and loads nothing twice', async () => {
    const { page } = await the.open()
    // What a reader waits for: all that came before the first question.
    const bytes = await page.evaluate<number>(
      `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`,
    )
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThan(150_000)
    const plain = await fetch(the.url, { headers: { 'accept-encoding': 'identity' } })
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(await plain.text()).toContain('<title>Patchbay</title>')
  })

  it('draws only what changed, however long the conversation is', async () => {
    const { page } = await the.open()
    const turns = Array.from({ length: 250 }, (_, index) => ({
      id: `t${index}`,
      question: [{ type: 'text', text: `Question ${index}` }],
      answers: [
        {
          model: 'small',
          messages: [{ role: 'assistant', content: `Answer **${index}**\n\n- one\n- two` }],
          text: '',
          reasoning: '',
          calls: [],
          state: 'done',
          numbers: { pieces: [] },
          wire: [],
        },
      ],
    }))
    const text = JSON.stringify({
      format: 'patchbay-conversations',
      version: 1,
      conversations: [{ id: 'long', title: 'Long', at: 1, turns }],
    })
    const file = { name: 'long.json', mimeType: 'application/json', buffer: Buffer.from(text) }
    await page.getByLabel('Exported conversations').setInputFiles(file)
    await page.getByRole('button', { name: 'Long', exact: true }).click()
    await expect.poll(() => page.getByRole('article').count()).toBe(250)
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ')
    the.small.answer({ text: words, interval: 10 })
    the.large.answer({ text: words, interval: 10 })
    await ask(page, 'Once more')
    await expect.poll(() => page.getByRole('article').count()).toBe(252)
    // Nothing of the old turns may change.
    await page.evaluate(`{
      window.changes = 0
      const old = [...document.querySelectorAll('.turn')].slice(0, -1)
      const watch = new MutationObserver((records) => { window.changes += records.length })
      for (const turn of old) watch.observe(turn, { subtree: true, childList: true, characterData: true, attributes: true })
    }`)
    await says(page, 'word59')
    expect(await page.evaluate('window.changes')).toBe(0)
  })
})
