// The site as it is built: every link leads somewhere, and its pages work in a browser, for everybody.
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCodes } from '@patchbay/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, launch, type Page } from '../../apps/gateway/test/chromium.js'

const site = fileURLToPath(new URL('../.vitepress/dist', import.meta.url))
if (!existsSync(site)) throw new Error('The site is not built. Run: npm run build')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const pages = readdirSync(site, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.html') && file !== '404.html')
  .map((file) => `/${file.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`)
const fileOf = (path: string) => [join(site, `${path}.html`), join(site, path, 'index.html')].find(existsSync)

describe('every link', () => {
  const html = new Map(pages.map((page) => [page, readFileSync(fileOf(page) ?? '', 'utf8')]))
  const anchors = new Map(
    [...html].map(([page, text]) => [
      page,
      new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  )

  it.each(pages)('of %s leads somewhere', (page) => {
    const lost: string[] = []
    for (const [, found = ''] of html.get(page)?.matchAll(/<a [^>]*href="([^"]+)"/g) ?? []) {
      const href = found.replaceAll('&amp;', '&')
      if (/^(https?|mailto):/.test(href)) continue
      const { pathname, hash } = new URL(href, `http://site${page}`)
      const target = decodeURI(pathname)
      const ids = anchors.get(target)
      const known = ids !== undefined && (hash === '' || ids.has(decodeURIComponent(hash.slice(1))))
      if (!known) lost.push(href)
    }
    expect([...new Set(lost)]).toEqual([])
  })
})

describe('the guide', () => {
  it('has an entry for every error code, under the name errors link to', () => {
    const page = readFileSync(join(site, 'troubleshooting.html'), 'utf8')
    for (const code of errorCodes) expect(page).toContain(`id="${code}"`)
  })

  it('has the API reference, from the docstrings', () => {
    const page = readFileSync(join(site, 'api/@patchbay/core/index.html'), 'utf8')
    expect(page).toContain('Whether the same request may succeed later.')
  })
})

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

describe.skipIf(!browserPath)('in a browser', () => {
  let browser: Awaited<ReturnType<typeof launch>>
  let server: Server
  let url: string

  beforeAll(async () => {
    browser = await launch()
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://site')
      const path = decodeURI(pathname)
      const file = extname(path) in types || path.startsWith('/assets/') ? join(site, path) : fileOf(path)
      if (file === undefined || !existsSync(file)) return response.writeHead(404).end()
      response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream')
      createReadStream(file).pipe(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
    server?.closeAllConnections()
  })

  const visit = async <T>(
    path: string,
    options: Parameters<typeof browser.open>[1],
    look: (page: Page) => Promise<T>,
  ): Promise<T> => {
    const { page, context, wrong, elsewhere } = await browser.open(`${url}${path}`, options)
    try {
      const found = await look(page)
      expect([...wrong, ...elsewhere]).toEqual([])
      return found
    } finally {
      await context.close()
    }
  }

  it.each(
    pages.filter((page) => !page.startsWith('/api/')),
  )('%s has a heading, and asks nobody else', (page) =>
    visit(page, {}, async (view) => {
      await view.locator('h1').first().waitFor()
      expect(await view.title()).toContain('Patchbay')
      expect(
        await view
          .locator('img')
          .evaluateAll((all) => all.every((image) => (image as HTMLImageElement).naturalWidth > 0)),
      ).toBe(true)
    }))

  it.each([
    ['light', { colorScheme: 'light' as const }],
    ['dark', { colorScheme: 'dark' as const }],
    ['phone', { viewport: { width: 390, height: 844 } }],
  ])('is for everybody: %s', async (_name, options) => {
    for (const path of ['/', '/start', '/tools', '/migrate/ai-sdk', '/troubleshooting'])
      await visit(path, options, async (page) => {
        await page.locator('h1').first().waitFor()
        await page.evaluate(axe)
        // What the theme itself brings is not ours to choose: its bars, its boxes of code, a home page without <main>.
        const found = (await page.evaluate(
          `axe.run({ exclude: ['.VPNav', '.VPSidebar', '.VPLocalNav', 'div[class*=language-]'] }, { rules: Object.fromEntries(['region', 'landmark-one-main', 'empty-table-header'].map((id) => [id, { enabled: false }])) })`,
        )) as { violations: { id: string; nodes: { html: string }[] }[] }
        expect(found.violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`)).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      })
  })

  it('finds what is searched for, without a server', () =>
    visit('/start', {}, async (page) => {
      await page.getByRole('button', { name: 'Search' }).first().click()
      await page.locator('.VPLocalSearchBox input').fill('rate-limited')
      const result = page.locator('.VPLocalSearchBox .result').filter({ hasText: 'Troubleshooting' }).first()
      await result.click()
      await page.waitForURL(/\/troubleshooting#rate-limited$/)
    }))

  // What newcomers looked for, and the pages that answer it.
  const wanted: Record<string, string> = {
    gemini: '/backends/gemini',
    azure: '/backends/openai',
    bedrock: '/backends/claude',
    vertex: '/backends/gemini',
    openrouter: '/providers',
    vllm: '/backends/openai',
    langfuse: '/observability',
    logging: '/observability',
    express: '/streaming',
    hono: '/streaming',
    cloudflare: '/streaming',
    websocket: '/streaming',
    vercel: '/migrate/ai-sdk',
    electron: '/versions',
    'chat history': '/conversations',
    glossary: '/glossary',
    proxy: '/troubleshooting',
    'prompt caching': '/contract',
    rag: '/examples',
    retrieval: '/examples',
    tool: '/tools',
    image: '/media',
    gpu: '/backends/local',
    threads: '/backends/local',
    fallback: '/policies',
    'structured output': '/structured-output',
  }

  it('finds the page of the guide for what newcomers look for, among the first five', () =>
    visit('/start', {}, async (page) => {
      await page.getByRole('button', { name: 'Search' }).first().click()
      const lost: string[] = []
      for (const [words, target] of Object.entries(wanted)) {
        // Results come a moment after the last letter: those of what was searched for before go first.
        await page.locator('.VPLocalSearchBox input').fill('qqqqqqqq')
        await page.locator('.VPLocalSearchBox .no-results').waitFor()
        await page.locator('.VPLocalSearchBox input').fill(words)
        await page
          .locator('.VPLocalSearchBox')
          .locator('.result, .no-results:not(:text("qqqqqqqq"))')
          .first()
          .waitFor()
        const found = await page
          .locator('.VPLocalSearchBox .result')
          .evaluateAll((all) => all.slice(0, 5).map((one) => one.getAttribute('href') ?? ''))
        if (!found.some((href) => href.replace(/#.*/, '') === target))
          lost.push(`${words}: ${found.join(' ')}`)
      }
      expect(lost).toEqual([])
    }))

  it('shows two programs side by side where there is room, and one below the other where there is none', async () => {
    const tops = (page: Page) =>
      page
        .locator('.side')
        .first()
        .locator('> div')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top))
    const wide = await visit('/migrate/ai-sdk', { viewport: { width: 1700, height: 900 } }, tops)
    expect(wide[0]).toBe(wide[1])
    const narrow = await visit('/migrate/ai-sdk', { viewport: { width: 800, height: 900 } }, tops)
    expect(narrow[1]).toBeGreaterThan(narrow[0] ?? 0)
  })
})
