// What must not leave, found in a text: keys and tokens of services, and what tells who somebody is. Numbers are taken
// only where their check digits are right.
// Sources of the forms: the services' own documents as collected by gitleaks (config/gitleaks.toml, 2026); ISO 13616 for
// IBAN, ISO/IEC 7812-1 for card numbers.

/** What can be found by itself. */
export type Kind = 'secret' | 'email' | 'phone' | 'card' | 'iban' | 'ssn'

export const kinds: Kind[] = ['secret', 'email', 'phone', 'card', 'iban', 'ssn']

const forms: Record<Kind, { pattern: RegExp; holds?: (text: string) => boolean }[]> = {
  secret: [
    { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g },
    { pattern: /\b(?:sk|rk|pk)[-_](?:live_|test_|proj-|ant-|or-)?[A-Za-z0-9_-]{20,}/g },
    { pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,})/g },
    { pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g },
    { pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
    { pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g },
    { pattern: /\b(?:npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,})/g },
    { pattern: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g },
    { pattern: /(?<=\b[Bb]earer\s+)[A-Za-z0-9._~+/-]{20,}=*/g },
    // The password of an address.
    { pattern: /(?<=\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,64}:)[^\s/@]{3,128}(?=@)/g },
  ],
  email: [{ pattern: /[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b/g }],
  iban: [{ pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b/g, holds: isIban }],
  card: [{ pattern: /(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])/g, holds: isCard }],
  ssn: [{ pattern: /(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g }],
  phone: [
    { pattern: /(?<![\w+])\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}(?!\d)/g, holds: isPhone },
    { pattern: /(?<![\w-])\(?[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4}(?![\w-])/g },
  ],
}

/** What is found, the longest first; what lies inside of something longer is found with it. */
export function found(text: string, which: readonly Kind[] = kinds): { kind: Kind; text: string }[] {
  const all: { kind: Kind; text: string }[] = []
  const taken: [from: number, to: number][] = []
  for (const kind of kinds) {
    if (!which.includes(kind)) continue
    for (const { pattern, holds = () => true } of forms[kind])
      for (const match of text.matchAll(pattern)) {
        const [from, to] = [match.index, match.index + match[0].length]
        if (!holds(match[0]) || taken.some(([a, b]) => from < b && to > a)) continue
        taken.push([from, to])
        all.push({ kind, text: match[0] })
      }
  }
  return all
}

/** The keys and tokens in a text. */
export function secretsIn(text: string): string[] {
  return found(text, ['secret']).map((one) => one.text)
}

function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  if (digits.length < 13 || /^(\d)\1*$/.test(digits)) return false
  let sum = 0
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

function isIban(text: string): boolean {
  const plain = text.replace(/ /g, '')
  if (plain.length < 15 || plain.length > 34) return false
  let rest = 0
  for (const sign of plain.slice(4) + plain.slice(0, 4))
    for (const digit of String(Number.parseInt(sign, 36))) rest = (rest * 10 + Number(digit)) % 97
  return rest === 1
}

function isPhone(text: string): boolean {
  const { length } = text.replace(/\D/g, '')
  return length >= 8 && length <= 15
}
