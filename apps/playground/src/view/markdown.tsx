// What a model says, as it is meant to look. It is a stranger's text: only plain elements of it reach the page, none that
// loads, links by script or carries a style.
import DOMPurify from 'dompurify'
import { Marked } from 'marked'
import { useMemo } from 'preact/hooks'

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
    // Elements it writes itself are what it said, not what is done.
    html: ({ text }) => escaped(text),
    // An image is fetched from wherever it likes, and tells there what it wants: it is a link here.
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
  },
})

function htmlOf(text: string): string {
  const html = markdown.parse(text, { async: false })
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: ['href', 'start', 'align'],
    ALLOWED_URI_REGEXP: /^(https?:|mailto:)/i,
  })
}

// A link leads away from here by somebody else's words.
DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName !== 'A') return
  node.setAttribute('target', '_blank')
  node.setAttribute('rel', 'noopener noreferrer nofollow')
})

export function Markdown({ text }: { text: string }) {
  const html = useMemo(() => htmlOf(text), [text])
  // It went through DOMPurify, and the page's policy runs no script that is not a file of ours.
  return <div class="markdown" dangerouslySetInnerHTML={{ __html: html }} />
}
