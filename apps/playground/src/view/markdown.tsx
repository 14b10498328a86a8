// Markdown of a model's text, which is untrusted: only plain elements, no scripts, styles, images or other loads.
import DOMPurify from 'dompurify'
import { Marked, type Token } from 'marked'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { type Formula, formulaAt, mathsExtension } from '../maths-syntax.js'
import { CodeBlock } from './code-block.js'

const tags = [
  ...['p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'pre', 'code'],
  ...[
    'strong',
    'em',
    'del',
    's',
    'a',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
    'sub',
    'sup',
    'kbd',
    'span',
  ],
]

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const markdown = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // HTML in the text is shown as text.
    html: ({ text }) => escaped(text),
    // An image would be loaded from any host, and could leak data: it becomes a link.
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
  },
})

// The source of a formula: it is shown until it is drawn, and wherever it cannot be.
markdown.use(
  mathsExtension(({ raw, display }: Formula) =>
    display
      ? `<span class="maths" data-maths="display">${escaped(raw.trim())}</span>`
      : `<span class="maths" data-maths="inline">${escaped(raw)}</span>`,
  ),
)

function sanitized(html: string): string {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: ['href', 'start', 'align', 'class', 'data-maths'],
    ALLOW_DATA_ATTR: false,
    // No addresses: the expression below is for those.
    ADD_URI_SAFE_ATTR: ['start', 'align', 'data-maths'],
    ALLOWED_URI_REGEXP: /^(https?:|mailto:)/i,
  })
}

// Links lead to untrusted pages.
DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName !== 'A') return
  node.setAttribute('target', '_blank')
  node.setAttribute('rel', 'noopener noreferrer nofollow')
})

/** Blocks are drawn one by one, so that a growing text costs its last block with each token, not all of it. */
export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => markdown.lexer(text).filter(({ type }) => type !== 'space'), [text])
  return (
    <div class="markdown">
      {blocks.map((block, index) =>
        block.type === 'code' ? (
          <CodeBlock key={index} text={block.text} language={/^\S*/.exec(block.lang ?? '')?.[0] ?? ''} />
        ) : (
          <Block key={index} block={block} />
        ),
      )}
    </div>
  )
}

let drawMaths: typeof import('../maths.js').renderMaths | undefined

/** Draws the formulas of a block, at once if the library is there, and otherwise when it has come. */
function drawFormulas(block: HTMLElement | null, html: string): void {
  if (block === null || !html.includes('data-maths')) return
  if (drawMaths === undefined) {
    void import('../maths.js').then(({ renderMaths }) => {
      drawMaths = renderMaths
      drawFormulas(block, html)
    })
    return
  }
  for (const element of block.querySelectorAll<HTMLElement>('[data-maths]')) {
    // One that is drawn has no source any more.
    const formula = formulaAt(element.textContent ?? '')
    if (formula === undefined || element.querySelector('math') !== null) continue
    try {
      drawMaths(element, formula.tex, formula.display)
    } catch {
      // What is no TeX stays as it was written.
      continue
    }
    // What scrolls must be reached by the keyboard (WCAG 2.1.1).
    if (element.scrollWidth > element.clientWidth && formula.display) element.tabIndex = 0
  }
}

function Block({ block }: { block: Token }) {
  const box = useRef<HTMLDivElement>(null)
  const html = useMemo(() => sanitized(markdown.parser([block])), [block.raw])
  useLayoutEffect(() => drawFormulas(box.current, html), [html])
  // Sanitized by DOMPurify; the page's content security policy allows no other scripts.
  const content = { ref: box, dangerouslySetInnerHTML: { __html: html } }
  if (block.type !== 'table') return <div class="block" {...content} />
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1)
  return <div class="block" data-type="table" tabIndex={0} {...content} />
}
