// Bank accounts: IBANs by the length and the form of their country (from the table of `ibantools`), and their check digits
// (ISO 13616). Those that a country has besides may be wrong: it is an account all the same.
import { countrySpecs } from 'ibantools'
import { byPattern, type Finder } from './scan.js'

export const ibans: Finder[] = [
  byPattern(/(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}/g, (match, at, text) => {
    const country = match.slice(0, 2).toUpperCase() as keyof typeof countrySpecs
    const length = countrySpecs[country]?.chars ?? Number.POSITIVE_INFINITY
    // As many signs as an account of this country has; a word may follow.
    let signs = 0
    for (let index = 0; index < match.length; index++) {
      if (!/[A-Za-z0-9]/.test(match[index] ?? '') || ++signs < length) continue
      const to = at + index + 1
      const plain = match
        .slice(0, index + 1)
        .replace(/[ -]/g, '')
        .toUpperCase()
      return /[A-Za-z0-9]/.test(text[to] ?? '') || !isIban(plain) ? undefined : [at, to]
    }
    return undefined
  }),
]

function isIban(plain: string): boolean {
  const form = countrySpecs[plain.slice(0, 2) as keyof typeof countrySpecs]?.bban_regexp
  if (form == null || !new RegExp(form).test(plain.slice(4))) return false
  let rest = 0
  for (const sign of plain.slice(4) + plain.slice(0, 4))
    for (const digit of String(Number.parseInt(sign, 36))) rest = (rest * 10 + Number(digit)) % 97
  return rest === 1
}
