// `patchbay key`: makes an API key for the gateway.
import { newKey } from '@patchbay/gateway'

/** Prints the key, and the hash for the configuration. */
export function key(name: string, { json = false }: { json?: boolean }): void {
  const { key, hash } = newKey()
  process.stdout.write(
    json
      ? `${JSON.stringify({ name, key, hash })}\n`
      : `${key}\n\nSave this key now: it is not shown again. Add its hash to patchbay.config:\n\n${JSON.stringify({ gateway: { keys: { [name]: { hash } } } }, null, 2)}\n`,
  )
}
