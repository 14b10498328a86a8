// What a new configuration changes, by name: values may be secrets.
import { isDeepStrictEqual } from 'node:util'
import type { Loaded } from '@patchbay/config'

/** The names of what differs, such as `provider fast (new)` or `gateway.aliases`. */
export function configChanges(before: Loaded, next: Loaded): string[] {
  const { keys: keysBefore = {}, ...gatewayBefore } = before.gateway
  const { keys: keysNext = {}, ...gatewayNext } = next.gateway
  const rest = ({ default: name, requires, prices, shared }: Loaded) => ({
    default: name,
    requires,
    prices,
    shared,
  })
  return [
    ...differences('provider ', entriesOf(before), entriesOf(next)),
    ...differences('key ', keysBefore, keysNext),
    ...differences('gateway.', gatewayBefore, gatewayNext),
    ...differences('', rest(before), rest(next)),
  ]
}

const entriesOf = ({ providers }: Loaded) =>
  Object.fromEntries([...providers].map(([name, { entry }]) => [name, entry]))

function differences(kind: string, before: object, next: object): string[] {
  const [old, fresh] = [new Map(Object.entries(before)), new Map(Object.entries(next))]
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((name) => {
    const [was, is] = [old.get(name), fresh.get(name)]
    if (isDeepStrictEqual(was, is)) return []
    return [`${kind}${name}${was === undefined ? ' (new)' : is === undefined ? ' (removed)' : ''}`]
  })
}
