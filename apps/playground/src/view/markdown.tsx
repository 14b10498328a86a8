// Markdown of a model's text, which is untrusted: only plain elements, no scripts, styles, images or other loads.
import DOMPurify from 'dompurify'
import { Marked, type Token } from 'marked'
import { useMemo } from 'preact/hooks'
import { CodeBlock } from './code-block.js'

const tags = [
  ...['p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'pre', 'code'],
  ...['strong', 'em', 'del', 's', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'sub', 'sup', 'kbd'],
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

function sanitized(html: string): string {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: ['href', 'start', 'align'],
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

function Block({ block }: { block: Token }) {
  const html = useMemo(() => sanitized(markdown.parser([block])), [block.raw])
  // Sanitized by DOMPurify; the page's content security policy allows no other scripts.
  const content = { dangerouslySetInnerHTML: { __html: html } }
  if (block.type !== 'table') return <div class="block" {...content} />
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1)
  return <div class="block" data-type="table" tabIndex={0} {...content} />
}
