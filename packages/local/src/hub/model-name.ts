// Names of models that are fetched, as they may be shown and kept: an address without its secrets.
import { withoutKeys } from '@patchbay/core/wire'

/** Is it a model that has to be fetched first? */
export function isRemote(model: string): boolean {
  return /^(hf:|https?:\/\/)/.test(model)
}

// Parameters that sign an address: of S3, Google Cloud Storage and CloudFront by their prefixes and names, of Azure by
// the letters of its shared access signatures; and whatever is named like a key.
const secretParameter =
  /sig|token|key|secret|credential|auth|passw|policy|expires|^x-(amz|goog)-|^(s[eprtv]|spr|sk(oid|tid|t|e|s|v))$/i

/**
 * The name without password, and without the parameters that sign it. They change from one address to the next, so that a
 * model is found again by what is left.
 */
export function publicName(model: string): string {
  if (!/^https?:\/\//.test(model)) return withoutKeys(model)
  const [, head = '', query = '', hash = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(model) ?? []
  const kept = query
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !secretParameter.test(pair.split('=', 1)[0] ?? ''))
  return withoutKeys(withoutPassword(head) + (kept.length > 0 ? `?${kept.join('&')}` : '') + hash)
}

/** An address whose user and password are left out, whether or not it is one. */
function withoutPassword(address: string): string {
  return address.replace(/^(\w+:\/\/)([^/]*)@/, '$1')
}
