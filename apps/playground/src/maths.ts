// Formulas as MathML, which browsers draw and screen readers read: loaded with the first formula, never before.
import temml from 'temml'

/**
 * Puts the formula in place of the element's text.
 * @throws {Error} for what is no TeX; the element is as it was
 */
export function renderMaths(element: HTMLElement, tex: string, display: boolean): void {
  const drawn = document.createElement('span')
  // A model's text is not trusted: no links, no classes, no endless macros. Styles are set by script, as the policy allows.
  temml.render(tex, drawn, {
    displayMode: display,
    throwOnError: true,
    trust: false,
    maxExpand: 100,
    maxSize: [20, 20],
  })
  element.replaceChildren(...drawn.childNodes)
}
