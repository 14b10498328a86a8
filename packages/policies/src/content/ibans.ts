// Bank accounts: IBANs by the length and the form of their country, and their check digits (`ibantools`, ISO 13616).
import { countrySpecs, isValidIBAN } from 'ibantools'
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
      return /[A-Za-z0-9]/.test(text[to] ?? '') || !isValidIBAN(plain) ? undefined : [at, to]
    }
    return undefined
  }),
]
