// Checks the fields of providerOptions that a backend merges into the body of its requests.
import { distance } from 'fastest-levenshtein'
import { LlmError } from '../contract/errors.js'
import { hasSameLetters, inLetters } from '../request/option-names.js'
import { optionNames } from '../request/request-names.js'

// In letters: short names of different fields are alike, such as `top_p` and `top_k`.
const longEnough = 6

// Other fields, not misspelled ones: beside `model`, OpenRouter takes `models`.
const isPlural = (one: string, other: string) => one === `${other}s` || other === `${one}s`

/**
 * Checks the names of fields for a service. A field that we do not know is sent, since services get new ones; a known one in another
 * spelling is refused, because many servers ignore what they do not know. So is an option of the request itself.
 * @param place for the error: `providerOptions.claude`
 * @throws {LlmError} `invalid-request` with the right name
 */
export function checkFields(fields: object, known: readonly string[], place: string): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || known.includes(name)) continue
    const refuse = (advice: string) =>
      new LlmError('invalid-request', `${place}.${name.slice(0, 64)} ${advice}`)
    if (/[A-Z]/.test(name) && optionNames.chatRequest.includes(name))
      throw refuse(`is an option of the request itself: chat({ messages, ${name} }).`)
    const meant = known.find(
      (field) =>
        inLetters(field) === inLetters(name) ||
        (name.length >= longEnough &&
          ((distance(field, name) === 1 && !isPlural(field, name)) || hasSameLetters(field, name))),
    )
    if (meant !== undefined) throw refuse(`is not a field of the service. Did you mean ${meant}?`)
  }
}
