// A model's text, drawn block by block. Until the library is there, it is shown as it was written.
import type { Token } from 'marked'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { later } from '../later.js'
import { formulaAt } from '../maths-syntax.js'
import { CodeBlock } from './code-block.js'

export const markdown = later(() => import('../markdown.js'))
const maths = later(() => import('../maths.js'))

interface MarkdownProps {
  text: string
}

export function Markdown({ text }: MarkdownProps) {
  if (markdown.value === undefined)
    return (
      <div class="markdown">
        <p class="plain">{text}</p>
      </div>
    )
  return <Blocks text={text} {...markdown.value} />
}

type Library = Pick<typeof import('../markdown.js'), 'blocksOf' | 'htmlOf'>

/** Blocks are drawn one by one, so that a growing text costs its last block with each token, not all of it. */
function Blocks({ text, blocksOf, htmlOf }: MarkdownProps & Library) {
  const blocks = useMemo(() => blocksOf(text), [text])
  return (
    <div class="markdown">
      {blocks.map((block, index) =>
        block.type === 'code' ? (
          <CodeBlock key={index} text={block.text} language={/^\S*/.exec(block.lang ?? '')?.[0] ?? ''} />
        ) : (
          <Block key={index} block={block} htmlOf={htmlOf} />
        ),
      )}
    </div>
  )
}

/** Draws the formulas of a block in place of their sources. */
function drawFormulas(block: HTMLElement, { renderMaths }: typeof import('../maths.js')): void {
  for (const element of block.querySelectorAll<HTMLElement>('[data-maths]')) {
    // One that is drawn has no source any more.
    const formula = formulaAt(element.textContent ?? '')
    if (formula === undefined || element.querySelector('math') !== null) continue
    try {
      renderMaths(element, formula.tex, formula.display)
    } catch {
      // What is no TeX stays as it was written.
      continue
    }
    // What scrolls must be reached by the keyboard (WCAG 2.1.1).
    if (element.scrollWidth > element.clientWidth && formula.display) element.tabIndex = 0
  }
}

function Block({ block, htmlOf }: { block: Token } & Pick<Library, 'htmlOf'>) {
  const box = useRef<HTMLDivElement>(null)
  const html = useMemo(() => htmlOf(block), [block.raw])
  const library = html.includes('data-maths') ? maths.value : undefined
  useLayoutEffect(() => {
    if (box.current !== null && library !== undefined) drawFormulas(box.current, library)
  }, [html, library])
  // Sanitized by DOMPurify; the page's content security policy allows no other scripts.
  const content = { ref: box, dangerouslySetInnerHTML: { __html: html } }
  if (block.type !== 'table') return <div class="block" {...content} />
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1)
  return <div class="block" data-type="table" tabIndex={0} {...content} />
}
