// What all grammars of JSON share: values of any kind, the characters of strings, formats, names that are not taken, and
// literals.

/** Rules that others name. Escapes of half a character are left out: they are no text. */
export const commonRules: Record<string, string> = {
  integer: '"-"? ("0" | [1-9] [0-9]{0,14})',
  number: 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
  boolean: '"true" | "false"',
  null: '"null"',
  object: '"{" ws (string ":" ws value ("," ws string ":" ws value)* ws)? "}"',
  array: '"[" ws (value ("," ws value)* ws)? "]"',
  value: 'object | array | string | number | boolean | null',
  ws: '| " " | "\\n" [ \\t]{0,20}',
  hex: '[0-9a-fA-F]',
  escape: `"\\\\" (["\\\\/bfnrt] | "u" ([0-9a-cA-CefEF] hex{3} | [dD] [0-7] hex{2} | [dD] [89abAB] hex{2} "\\\\u" [dD] [c-fC-F] hex{2}))`,
  // Without halves of characters and numbers beyond the last one, which a model that writes bytes may try.
  char: `[\\x20-\\x21\\x23-\\x5B\\x5D-\\x7E\\u0080-\\uD7FF\\uE000-\\uFFFD\\U00010000-\\U0010FFFF] | escape`,
  string: `"\\"" char* "\\""`,
  year: '[0-9]{4}',
  month: '"0" [1-9] | "1" [0-2]',
  // The 29th is in no month but February missing, and there not always: with the months of 31 and 30 days it is exact.
  date: 'year "-" (month "-" ("0" [1-9] | "1" [0-9] | "2" [0-8]) | ("0" [13-9] | "1" [0-2]) "-" ("29" | "30") | ("0" [13578] | "1" [02]) "-31")',
  clock: '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]',
  time: 'clock ":" [0-5] [0-9] ("." [0-9]{1,6})? ("Z" | [-+] clock)',
  uuid: 'hex{8} "-" hex{4} "-" [1-5] hex{3} "-" [89abAB] hex{3} "-" hex{12}',
}

/** Formats that a grammar can keep, by the rule that does. */
export const formats: Record<string, string> = {
  date: 'date',
  time: 'time',
  'date-time': 'date "T" time',
  uuid: 'uuid',
}

/** A text as it stands in a grammar. */
export function literal(text: string): string {
  const escaped = [...text].map((character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    const code = character.codePointAt(0) ?? 0
    return code < 32 || code === 127 ? `\\x${code.toString(16).padStart(2, '0')}` : character
  })
  return `"${escaped.join('')}"`
}

type Trie = Map<string, Trie>

/** A JSON string that is none of these names. Beginnings of them are left out, too. */
export function nameOtherThan(names: string[]): string {
  if (names.length === 0) return 'string'
  const trie: Trie = new Map()
  for (const name of names) {
    let at = trie
    for (const character of JSON.stringify(name).slice(1, -1)) {
      const next = at.get(character) ?? new Map<string, Trie>()
      at.set(character, next)
      at = next
    }
  }
  return `"\\"" (${otherThan(trie)}) "\\""`
}

function otherThan(trie: Trie): string {
  const characters = [...trie.keys()]
  const forms = [...trie].map(
    ([character, next]) => `${literal(character)} ${next.size > 0 ? `(${otherThan(next)})` : 'char+'}`,
  )
  const others = characters.filter((character) => character !== '"' && character !== '\\').map(inClass)
  return [...forms, `[^"\\\\\\x7F\\x00-\\x1F${others.join('')}] char*`].join(' | ')
}

/** A character inside of brackets. */
function inClass(character: string): string {
  if (/[\]\\^-]/.test(character)) return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  return character
}
