// Checks headers before they are sent.
import { LlmError } from '../../contract/errors.js'
import { entriesOf, type HeaderFields } from '../secrets/request-secrets.js'

// RFC 9110, sections 5.1 and 5.5. White space around a value is cut off by every client.
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Checks headers before a client or `fetch` does, since their errors quote the value.
 * @throws {LlmError} `invalid-request` for characters that headers do not allow
 */
export function checkHeaders(headers: HeaderFields, who: string): void {
  for (const [name, value] of entriesOf(headers))
    if (!headerName.test(name) || !headerValue.test(value.trim())) {
      // An invalid name is not quoted: it may be a key in the wrong place.
      const which = headerName.test(name) ? `the header ${name.slice(0, 64)}` : 'the name of a header'
      throw new LlmError(
        'invalid-request',
        `The request for ${who} cannot be sent: ${which} contains characters that headers do not allow. Check the key and \`headers\`.`,
      )
    }
}
