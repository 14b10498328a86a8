// Markdown of a model's text, which is untrusted, as HTML: only plain elements, no scripts, styles, images or other loads.
import DOMPurify from 'dompurify'
import { Marked, type Token } from 'marked'
import { type Formula, mathsExtension } from './maths-syntax.js'

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
    // Below the title of the answer, which is of level 2.
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2)
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`
    },
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

/** The blocks of a text, in order. */
export function blocksOf(text: string): Token[] {
  return markdown.lexer(text).filter(({ type }) => type !== 'space')
}

/** The block as HTML that is safe to show. */
export function htmlOf(block: Token): string {
  return sanitized(markdown.parser([block]))
}

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
