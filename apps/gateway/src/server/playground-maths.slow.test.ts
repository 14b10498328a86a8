// Formulas in answers, in a real browser: drawn as MathML, loaded when needed, and harmless whatever the model writes.
import { describe, expect, it } from 'vitest'
import { browserPath } from '../../test/chromium.js'
import { answer, ask, lookAt, playground } from '../../test/playground.js'

const euler = '$$\n\\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi}\n$$'
const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }

describe.skipIf(!browserPath)('formulas', () => {
  const the = playground()
  const scripts = `performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => /\\/maths-(?!syntax)/.test(name)).length`

  it.each([
    ['light', { colorScheme: 'light' as const }],
    ['dark', { colorScheme: 'dark' as const }],
    ['phone', phone],
  ])('are drawn, and their library comes with the first: %s', async (name, options) => {
    const { page, wrong, elsewhere } = await the.open(options)
    the.small.answer(
      'It costs $5, or $10.',
      `The roots are $x = \\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}$ and\n\n${euler}\n\n7. so \\(a_1\\)\n8. and \\[\\begin{pmatrix}1 & 2\\\\3 & 4\\end{pmatrix}\\]\n\nbut \`$x$\` is code. A long one:\n\n$$${'a + b^2 + '.repeat(30)}c$$`,
    )
    await ask(page, 'How much?')
    await expect.poll(() => answer(page).textContent()).toContain('$5, or $10.')
    expect(await page.evaluate(scripts)).toBe(0)
    await ask(page, 'And in numbers?')
    await expect.poll(() => answer(page).locator('math').count()).toBe(5)
    expect(await page.evaluate(scripts)).toBe(1)
    expect(await answer(page).locator('math mfrac').count()).toBe(1)
    expect(await answer(page).locator('math mtable').count()).toBe(1)
    expect(await answer(page).locator('code').textContent()).toBe('$x$')
    expect(await answer(page).locator('ol').getAttribute('start')).toBe('7')
    // A fraction is higher than a line of text: the browser lays it out.
    const { height } = (await answer(page).locator('mfrac').boundingBox()) ?? { height: 0 }
    expect(height).toBeGreaterThan(24)
    await lookAt(page, `maths-${name}`)
    expect([wrong, elsewhere]).toEqual([[], []])
  })

  it('stay as they were written while they are not whole, and where they are no TeX', async () => {
    const { page, wrong } = await the.open()
    the.small.answer({
      events: [{ type: 'text', text: 'Broken: $\\frac{1$ and open: $\\alpha + ' }],
    })
    await ask(page, 'Hi')
    await expect.poll(() => answer(page).getAttribute('aria-busy')).toBe('false')
    expect(await answer(page).locator('.markdown').textContent()).toMatch(
      /^Broken: \$\\frac\{1\$ and open: \$\\alpha \+/,
    )
    expect(wrong).toEqual([])
  })

  it('run, load and cover nothing', async () => {
    const { page, elsewhere, wrong } = await the.open()
    const evil = [
      '$\\href{javascript:window.pwned=1}{x}$',
      '$\\includegraphics{https://evil.example/a.png}$',
      '$\\url{https://evil.example}$',
      '$\\class{composer}{x}$',
      '$\\style{position:fixed;inset:0}{x}$',
      '$\\text{<img src=x onerror="window.pwned=2">}$',
      '$\\def\\a{\\a\\a}\\a$',
      '$\\rule{9999em}{9999em}$',
      'the end $x$',
    ].join('\n\n')
    the.small.answer({ events: [{ type: 'text', text: evil }] })
    await ask(page, 'Hi')
    await expect.poll(() => answer(page).locator('math').count()).toBeGreaterThan(0)
    const said = answer(page).locator('.markdown')
    expect(await said.locator('a, img, .composer').count()).toBe(0)
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(
      await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
    ).toBe(true)
    await answer(page).getByRole('button', { name: 'Copy answer' }).click()
    expect([wrong, elsewhere]).toEqual([[], []])
  })
})
