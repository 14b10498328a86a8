// All that an app does again and again, each with other words, keys and tenants, and all on one signal that outlives it.
// Memory is the same after a thousand times. A new policy, loop, bridge, batch or store gets a line in its file.
import { bridgeScenarios } from './bridges.js'
import { loopScenarios } from './loops.js'
import { policyScenarios } from './policies.js'
import type { Make } from './scenario.js'
import { storeScenarios } from './stores.js'

/** All of them, by their names. */
export const scenarios: Record<string, Make> = {
  ...policyScenarios,
  ...loopScenarios,
  ...bridgeScenarios,
  ...storeScenarios,
}
