// `patchbay explain`: the entry of an error code in the troubleshooting guide that comes with core.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { nearest } from '@patchbay/config'
import { errorCodes } from '@patchbay/core'
import { UsageError } from '../terminal/exit-codes.js'

/** Prints the entry of this code, as it is written. */
export function explain(code: string): void {
  const guide = readFileSync(createRequire(import.meta.url).resolve('@patchbay/core/errors.md'), 'utf8')
  const entry = guide.split(/^(?=## )/m).find((text) => text.startsWith(`## ${code}\n`))
  if (entry === undefined)
    throw new UsageError(
      `There is no code "${code}".${nearest(code, [...errorCodes])} Codes: ${errorCodes.join(', ')}`,
    )
  process.stdout.write(entry.trimEnd().concat('\n'))
}
