// `patchbay key`: a new key for the gateway, shown once.
import { newKey } from '@patchbay/gateway'

/** The key, and what the configuration keeps of it. */
export function key(name: string, { json = false }: { json?: boolean }): void {
  const { key, hash } = newKey()
  process.stdout.write(
    json
      ? `${JSON.stringify({ name, key, hash })}\n`
      : `${key}\n\nIt is shown this once. In patchbay.config:\n\n${JSON.stringify({ gateway: { keys: { [name]: { hash } } } }, null, 2)}\n`,
  )
}
