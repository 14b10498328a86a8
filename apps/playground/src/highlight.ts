// Colours of code: loaded with the first block of code, never before.
import hljs from 'highlight.js/lib/common'

/** HTML with classes, all text escaped; nothing for a language that is not known. */
export function highlight(text: string, language: string): string | undefined {
  return hljs.getLanguage(language) === undefined ? undefined : hljs.highlight(text, { language }).value
}
