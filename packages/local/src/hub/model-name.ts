// Public names of downloadable models: addresses without their secrets, for messages and files.
import { withoutKeys } from '@patchbay/core/wire'

/** Whether a model has to be downloaded first. */
export function isRemote(model: string): boolean {
  return /^(hf:|https?:\/\/)/.test(model)
}

// Parameters of signed addresses: S3, Google Cloud Storage and CloudFront by their prefixes and names, Azure by the
// parameters of its shared access signatures; and all that are named like a secret.
const secretParameter =
  /sig|token|key|secret|credential|auth|passw|policy|expires|^x-(amz|goog)-|^(s[eprtv]|spr|sk(oid|tid|t|e|s|v))$/i

/**
 * The name without password and signature. Signatures change from one address to the next; the rest identifies the model.
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

/** The text without user and password, also if it is not a valid address. */
function withoutPassword(address: string): string {
  return address.replace(/^(\w+:\/\/)([^/]*)@/, '$1')
}
