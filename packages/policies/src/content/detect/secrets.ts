// Keys, tokens and passwords of services, by their forms.
// Source of the forms: the services' own documents as collected by gitleaks (config/gitleaks.toml, 2026).
import { byPattern, type Finder, type Range } from './scan.js'

// A run of these is read once: a pattern may begin only where the run does.
const wordStart = '(?<![A-Za-z0-9_-])'

const keys = [
  /\b(?:sk|rk|pk)[-_](?:live_|test_|proj-|ant-|or-)?[A-Za-z0-9_-]{20,}/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,})/g,
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\b(?:npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,})/g,
]

/** The key or token in a match that begins with other words. */
const lastGroup = (pattern: RegExp) =>
  byPattern(pattern, (match, at) => {
    const secret = new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(match)?.[1] ?? ''
    const from = at + match.lastIndexOf(secret)
    return [from, from + secret.length]
  })

const token = byPattern(
  new RegExp(`${wordStart}[A-Za-z0-9_-]+\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}`, 'g'),
  (match, at) => {
    const begin = match.indexOf('eyJ')
    return begin >= 0 && match.indexOf('.') - begin >= 13 ? [at + begin, at + match.length] : undefined
  },
)

const marker = /-----(BEGIN|END) [A-Z ]{0,40}PRIVATE KEY-----/g
const body = /^[A-Za-z0-9+/=\s\\]{0,20000}/

/** From BEGIN to END; where there is no END, as much as can be of the key. */
const privateKeys: Finder = (text) => {
  const ranges: Range[] = []
  let open: { from: number; after: number } | undefined
  const close = (to: number) => {
    if (open !== undefined) ranges.push([open.from, to])
    open = undefined
  }
  const cut = () => open && close(open.after + (body.exec(text.slice(open.after))?.[0].trimEnd().length ?? 0))
  for (const { 0: mark, 1: side, index } of text.matchAll(marker)) {
    if (side === 'END') close(index + mark.length)
    else {
      cut()
      open = { from: index, after: index + mark.length }
    }
  }
  cut()
  return ranges
}

export const secrets: Finder[] = [
  privateKeys,
  token,
  ...keys.map((pattern) => byPattern(pattern)),
  lastGroup(/\b[Bb]earer[ \t]{1,8}([A-Za-z0-9._~+/-]{20,}={0,4})/g),
  // The password of an address.
  lastGroup(/[a-z0-9+.-]:\/\/[^\s:/@]{0,64}:([^\s/@]{3,128})@/g),
]
