// The page for who does not see it: what a screen reader is given, and what the keyboard alone can do.
import { describe, expect, it } from 'vitest'
import { accessibilityTree, type TreeNode } from '../../test/accessibility-tree.js'
import { browserPath, type Page } from '../../test/chromium.js'
import { answer, ask, playground, question } from '../../test/playground.js'

const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }
const controls =
  /^(button|checkbox|combobox|link|menuitem|radio|searchbox|slider|spinbutton|switch|tab|textbox|DisclosureTriangle)$/

const namesOf = (tree: readonly TreeNode[], role: string) =>
  tree.filter((node) => node.role === role).map(({ name }) => name)

/** Every control has a name, and headings leave no level out. */
function expectIsReadable(tree: readonly TreeNode[]): void {
  const all = tree.filter(({ role }) => controls.test(role))
  expect(all.length).toBeGreaterThan(3)
  expect(all.filter(({ name }) => name.trim() === '')).toEqual([])
  const levels = tree.filter(({ role }) => role === 'heading').map(({ is }) => Number(is.level))
  expect(levels.filter((level) => level === 1)).toHaveLength(1)
  for (const [at, level] of levels.entries()) expect(level).toBeLessThanOrEqual((levels[at - 1] ?? 0) + 1)
}

describe.skipIf(!browserPath)('a screen reader', () => {
  const the = playground()
  const tree = (page: Page) => accessibilityTree(page)

  it('gets the empty page with its landmarks, and where to write', async () => {
    const { page } = await the.open()
    const all = await tree(page)
    expectIsReadable(all)
    expect(namesOf(all, 'navigation')).toEqual(['Conversations'])
    expect(all.filter(({ role }) => ['banner', 'main'].includes(role)).map(({ role }) => role)).toEqual([
      'banner',
      'main',
    ])
    expect(namesOf(all, 'region')).toEqual(
      expect.arrayContaining(['Open conversation', 'Settings and numbers', 'Use it from your programs']),
    )
    expect(namesOf(all, 'heading')).toEqual(['Patchbay', 'Ask any model', 'Use it from your programs'])
    expect(all.find(({ role, name }) => role === 'textbox' && name === 'Your question')?.is).toMatchObject({
      focused: true,
    })
    expect(namesOf(all, 'button')).toEqual(
      expect.arrayContaining(['New conversation', 'Compare', 'Attach files', 'Send', 'Copy base URL']),
    )
  })

  it('is told an answer once, when it is whole', async () => {
    const { page } = await the.open()
    the.small.answer({ text: 'One two three', interval: 1000 })
    await ask(page, 'Count')
    await expect.poll(() => answer(page).textContent()).toContain('One')
    const answers = (all: readonly TreeNode[]) =>
      all.filter(({ role, name }) => role === 'article' && name === 'small')
    // While it grows, it is busy: what is busy is not read out.
    const during = await tree(page)
    expectIsReadable(during)
    expect(answers(during).map(({ is }) => Boolean(is.busy))).toEqual([true])
    expect(namesOf(during, 'button')).toContain('Stop')
    await expect.poll(() => answer(page).getAttribute('aria-busy')).toBe('false')
    const after = await tree(page)
    expectIsReadable(after)
    expect(answers(after).map(({ is }) => Boolean(is.busy))).toEqual([false])
    const said = after.filter(({ role, name }) => role === 'StaticText' && name.includes('One two three'))
    expect(said).toHaveLength(1)
    const live = said[0]?.within.filter(({ is }) => is.live !== undefined && is.live !== 'off')
    // Of nested live regions, some readers read both.
    expect(new Set(live?.map(({ is }) => is.root ?? is.live)).size).toBe(1)
    expect(said[0]?.within.find(({ role }) => role === 'log')).toMatchObject({
      name: 'Conversation',
      is: { live: 'polite' },
    })
    expect(said[0]?.within.filter(({ name }) => name !== '').map(({ role, name }) => [role, name])).toEqual(
      expect.arrayContaining([
        ['article', 'small'],
        ['region', 'Question 1'],
        ['log', 'Conversation'],
        ['region', 'Open conversation'],
      ]),
    )
  })

  it('knows whose answer is whose where models are compared, and where the titles of answers belong', async () => {
    const { page } = await the.open()
    the.small.answer('# Short\n\nMine.')
    the.large.answer('# Long\n\n## Part\n\nMine too.')
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await ask(page, 'Which?')
    for (const model of ['small', 'large'])
      await expect.poll(() => answer(page, model).getAttribute('aria-busy')).toBe('false')
    const all = await tree(page)
    expectIsReadable(all)
    expect(namesOf(all, 'article')).toEqual(['small', 'large'])
    expect(all.filter(({ role }) => role === 'heading').map(({ name, is }) => [name, is.level])).toEqual([
      ['Patchbay', 1],
      ['small', 2],
      ['Short', 3],
      ['large', 2],
      ['Long', 3],
      ['Part', 4],
    ])
    expect(namesOf(all, 'button')).toEqual(
      expect.arrayContaining(['Move large to the left', 'Remove small', 'Remove large', 'Best answer']),
    )
    await page.getByRole('tab', { name: 'Numbers' }).click()
    await page.getByRole('table', { name: 'All answers' }).waitFor()
    expectIsReadable(await tree(page))
    await answer(page).getByRole('button', { name: 'Inspect' }).click()
    await page.getByText('POST /v1/chat/completions').waitFor()
    expectIsReadable(await tree(page))
  })

  it('gets only the sheet that is open on a phone, and is led into it and back', async () => {
    const { page } = await the.open(phone)
    const focused = async () => (await tree(page)).findLast(({ is }) => is.focused === true)
    const opener = page.getByRole('button', { name: 'Settings' })
    await opener.focus()
    await page.keyboard.press('Enter')
    await expect.poll(async () => (await focused())?.name).toBe('Settings and numbers')
    const all = await tree(page)
    expect(all.filter(({ role, name }) => controls.test(role) && name.trim() === '')).toEqual([])
    expect(namesOf(all, 'button')).not.toContain('Send')
    expect(namesOf(all, 'button')).toContain('Close')
    expect(namesOf(all, 'tab')).toEqual(['Settings', 'Numbers', 'Inspector'])
    expect(namesOf(all, 'textbox')).toContainEqual(expect.stringMatching(/^Instructions/))
    await page.keyboard.press('Escape')
    await expect.poll(async () => (await focused())?.name).toBe('Settings')
    expect(namesOf(await tree(page), 'button')).toContain('Send')
  })
})

describe.skipIf(!browserPath)('the keyboard alone', () => {
  const the = playground()

  it('asks, changes the model, edits, switches versions, sets, and closes', async () => {
    const { page } = await the.open()
    the.small.answer('From small.')
    the.large.answer('From large.', 'From large, again.')
    const keys = page.keyboard
    /** The name of what has the focus, as a screen reader says it. */
    const focused = async () =>
      (await accessibilityTree(page)).findLast(({ is }) => is.focused === true)?.name ?? ''
    const tabTo = async (name: string | RegExp, key = 'Tab') => {
      const seen: string[] = []
      for (let presses = 0; presses < 60; presses++) {
        await keys.press(key)
        const at = await focused()
        if (typeof name === 'string' ? at === name : name.test(at)) return
        seen.push(at)
      }
      throw new Error(`${key} never reaches ${name}: ${seen.join(', ')}`)
    }
    await expect.poll(focused).toBe('Your question')
    await keys.type('Hi')
    await keys.press('Enter')
    await expect.poll(() => answer(page).textContent()).toContain('From small.')
    await tabTo('Model', 'Shift+Tab')
    await keys.press('ArrowDown')
    await expect.poll(() => page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('large')
    await tabTo('Edit question')
    await keys.press('Enter')
    await expect.poll(focused).toBe('Edited question')
    await keys.press('Escape')
    await expect.poll(focused).toBe('Edit question')
    await keys.press('Enter')
    await expect.poll(focused).toBe('Edited question')
    await keys.press('End')
    await keys.type(' there')
    await tabTo('Ask')
    await keys.press('Enter')
    await expect.poll(() => answer(page, 'large').textContent()).toContain('From large.')
    // The focus stays at what was edited, not at the top of the page.
    await expect.poll(focused).toBe('Edit question')
    await tabTo(/^Previous version/)
    await keys.press('Enter')
    await expect.poll(() => answer(page).textContent()).toContain('From small.')
    await expect.poll(focused).toMatch(/^Next version/)
    await tabTo('Settings')
    await tabTo(/^Instructions/)
    await keys.type('Be brief.')
    await tabTo('Your question', 'Shift+Tab')
    await keys.type('More')
    await keys.press('Enter')
    await expect.poll(() => the.large.requests.length).toBe(2)
    expect(the.large.requests[1]?.messages[0]).toMatchObject({ role: 'system' })
    expect(await question(page).inputValue()).toBe('')
    // A menu of the list opens, and Escape closes it.
    await tabTo(/^More for Hi/, 'Shift+Tab')
    await keys.press('Enter')
    await page.getByRole('button', { name: 'Rename', exact: true }).waitFor()
    await keys.press('Escape')
    await expect.poll(() => page.getByRole('button', { name: 'Rename', exact: true }).count()).toBe(0)
    expect(await focused()).toMatch(/^More for Hi/)
  })
})
