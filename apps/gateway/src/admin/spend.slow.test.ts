// Ten thousand mixed calls: whole answers and streams, retries, fallbacks, races, caches, failures and answers in the background.
import { it } from 'vitest'
import { adminWorld } from '../../test/admin-world.js'
import { bookkeepingServices, expectSameBooks } from '../../test/mixed-calls.js'

/** Set PATCHBAY_SPEND_CALLS for another number. */
const total = Number(process.env.PATCHBAY_SPEND_CALLS ?? 10_000)

it('ten thousand mixed calls add up to what the services have in their books', async () => {
  const { services, config } = await bookkeepingServices()
  await expectSameBooks(await adminWorld({}, undefined, config), services, total)
}, 3_600_000)
