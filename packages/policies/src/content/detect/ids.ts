// Numbers that states give to people, by their forms and check digits (`stdnum`).
import * as brCnpj from 'stdnum/lib/cjs/br/cnpj.js'
import * as brCpf from 'stdnum/lib/cjs/br/cpf.js'
import * as deTaxId from 'stdnum/lib/cjs/de/idnr.js'
import * as dePension from 'stdnum/lib/cjs/de/svnr.js'
import * as esDni from 'stdnum/lib/cjs/es/dni.js'
import * as esNie from 'stdnum/lib/cjs/es/nie.js'
import * as frNir from 'stdnum/lib/cjs/fr/nir.js'
import * as gbNino from 'stdnum/lib/cjs/gb/nino.js'
import * as inAadhaar from 'stdnum/lib/cjs/in/aadhaar.js'
import * as inPan from 'stdnum/lib/cjs/in/pan.js'
import * as itCode from 'stdnum/lib/cjs/it/codicefiscale.js'
import * as nlBsn from 'stdnum/lib/cjs/nl/bsn.js'
import * as plPesel from 'stdnum/lib/cjs/pl/pesel.js'
import { byPattern, type Finder, isNamedBefore } from './scan.js'

/** A number of one country. */
export interface StateId {
  country: string
  /** As it is called there. */
  name: string
  /** As people write it. */
  form: RegExp
  isValid(text: string): boolean
  /** Words before it without which the form alone, often another number's, does not count. */
  named?: RegExp
  /** For the guide. Nobody's. */
  example: string
}

const by =
  ({ validate }: { validate(text: string): { isValid: boolean } }) =>
  (text: string) =>
    validate(text).isValid
const upper = (module: Parameters<typeof by>[0]) => (text: string) => by(module)(text.toUpperCase())

/** Besides the check digit: of the first ten digits one comes two or three times, the others once at most. */
function isTaxId(text: string): boolean {
  const counts = new Map<string, number>()
  const digits = text.replace(/ /g, '')
  for (const digit of digits.slice(0, 10)) counts.set(digit, (counts.get(digit) ?? 0) + 1)
  const more = [...counts.values()].filter((count) => count > 1)
  return !digits.startsWith('0') && more.length === 1 && (more[0] ?? 0) <= 3 && by(deTaxId)(text)
}

// Neither letters nor digits around it.
const alone = (form: string, flags = 'g') =>
  new RegExp(`(?<![A-Za-z0-9.+-])(?:${form})(?![A-Za-z0-9]|[.-]\\d)`, flags)

export const stateIds: StateId[] = [
  {
    country: 'DE',
    name: 'Steuer-ID',
    form: alone('\\d{2} \\d{3} \\d{3} \\d{3}'),
    isValid: isTaxId,
    example: '36 574 261 809',
  },
  {
    country: 'DE',
    name: 'Steuer-ID',
    form: alone('\\d{11}'),
    isValid: isTaxId,
    named: /(?:steuer|idnr|id-nr|tax|tin)[^\d]{0,24}$/i,
    example: 'Steuer-ID 36574261809',
  },
  {
    country: 'DE',
    name: 'Rentenversicherungsnummer',
    form: alone('\\d{2} ?\\d{6} ?[A-Z] ?\\d{3}'),
    isValid: by(dePension),
    example: '15 070649 C 103',
  },
  {
    country: 'FR',
    name: 'NIR',
    form: alone('[12] ?\\d{2} ?\\d{2} ?\\d[\\dAB] ?\\d{3} ?\\d{3} ?\\d{2}'),
    isValid: by(frNir),
    example: '2 95 10 99 126 111 93',
  },
  {
    country: 'GB',
    name: 'National Insurance number',
    form: alone('[A-Z]{2} ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]', 'gi'),
    isValid: upper(gbNino),
    example: 'HH 01 02 03 D',
  },
  {
    country: 'IT',
    name: 'codice fiscale',
    form: alone('[A-Z]{6}[A-Z\\d]{2}[A-Z][A-Z\\d]{2}[A-Z][A-Z\\d]{3}[A-Z]', 'gi'),
    isValid: upper(itCode),
    example: 'RCCMNL83S18D969H',
  },
  {
    country: 'ES',
    name: 'DNI',
    form: alone('\\d{8}[- ]?[A-Z]', 'gi'),
    isValid: upper(esDni),
    example: '54362315K',
  },
  {
    country: 'ES',
    name: 'NIE',
    form: alone('[XYZ][- ]?\\d{7}[- ]?[A-Z]', 'gi'),
    isValid: upper(esNie),
    example: 'X-2482300W',
  },
  {
    country: 'NL',
    name: 'BSN',
    form: alone('\\d{4}[. ]\\d{2}[. ]\\d{3}'),
    isValid: by(nlBsn),
    example: '1112.22.333',
  },
  {
    country: 'NL',
    name: 'BSN',
    form: alone('\\d{9}'),
    isValid: by(nlBsn),
    named: /(?:bsn|burgerservice|sofi)[\p{L}-]{0,12}[^\p{L}\d]{0,8}$/iu,
    example: 'BSN 111222333',
  },
  {
    country: 'IN',
    name: 'Aadhaar',
    form: alone('[2-9]\\d{3}[ -]\\d{4}[ -]\\d{4}'),
    isValid: by(inAadhaar),
    example: '2341 2341 2346',
  },
  {
    country: 'IN',
    name: 'Aadhaar',
    form: alone('[2-9]\\d{11}'),
    isValid: by(inAadhaar),
    named: /(?:aadhaar|aadhar|uidai)[^\d]{0,16}$/i,
    example: 'Aadhaar 234123412346',
  },
  {
    country: 'IN',
    name: 'PAN',
    form: alone('[A-Z]{3}[ABCFGHJLPT][A-Z]\\d{4}[A-Z]'),
    isValid: by(inPan),
    example: 'ACUPA7085R',
  },
  {
    country: 'BR',
    name: 'CPF',
    form: alone('\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}'),
    isValid: by(brCpf),
    example: '390.533.447-05',
  },
  {
    country: 'BR',
    name: 'CPF',
    form: alone('\\d{11}'),
    isValid: by(brCpf),
    named: /cpf[^\d]{0,16}$/i,
    example: 'CPF 39053344705',
  },
  {
    country: 'BR',
    name: 'CNPJ',
    form: alone('\\d{2}\\.\\d{3}\\.\\d{3}/\\d{4}-\\d{2}'),
    isValid: by(brCnpj),
    example: '16.727.230/0001-97',
  },
  {
    country: 'PL',
    name: 'PESEL',
    form: alone('\\d{11}'),
    isValid: by(plPesel),
    named: /pesel[^\d]{0,16}$/i,
    example: 'PESEL 44051401359',
  },
]

export const ids: Finder[] = stateIds.map(({ form, isValid, named }) =>
  byPattern(form, (match, at, text) =>
    isValid(match) && (named === undefined || isNamedBefore(text, at, named))
      ? [at, at + match.length]
      : undefined,
  ),
)

// Its own kind, as it has been: SSN, and ITIN by its ranges (IRS, 2026), which begin with 9.
export const socialSecurityNumbers: Finder[] = [
  byPattern(
    /(?<![\d-])(?:(?!000|666|9)\d{3}-(?!00)\d{2}|9\d\d-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9]))-(?!0000)\d{4}(?![\d-])/g,
  ),
]
