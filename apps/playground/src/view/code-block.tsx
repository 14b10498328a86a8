// A block of code: its language, its colours, and buttons to copy it and to wrap its lines.
import { useEffect, useState } from 'preact/hooks'
import { wraps } from '../settings.js'
import { CopyButton } from './icons.js'

// A block that still grows is coloured when it pauses: colouring each token anew would cost the square of its length.
const pauseMs = 120

export function CodeBlock({ text, language }: { text: string; language: string }) {
  const [coloured, setColoured] = useState({ text: '', html: '' })
  useEffect(() => {
    if (language === '') return
    const timer = setTimeout(async () => {
      const { highlight } = await import('../highlight.js')
      setColoured({ text, html: highlight(text, language) ?? '' })
    }, pauseMs)
    return () => clearTimeout(timer)
  }, [text, language])
  const isColoured = coloured.html !== '' && coloured.text === text
  return (
    <figure class="code" data-wraps={wraps.value}>
      <figcaption>
        <span>{language || 'text'}</span>
        <button
          type="button"
          class="quiet"
          aria-pressed={wraps.value}
          onClick={() => (wraps.value = !wraps.value)}
        >
          Wrap
        </button>
        <CopyButton text={() => text} label="Copy code" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1) */}
      <pre tabIndex={0}>
        {isColoured ? (
          // The highlighter escapes all text; its classes are all it adds.
          <code dangerouslySetInnerHTML={{ __html: coloured.html }} />
        ) : (
          <code>{text}</code>
        )}
      </pre>
    </figure>
  )
}
