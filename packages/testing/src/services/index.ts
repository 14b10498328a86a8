// The public face of @patchbay/testing/services. It needs no test runner.
export type { ReceivedRequest } from '../fault-server.js'
export type { ServiceName } from './hosts.js'
export type { JsonObject, RuleFacts } from './rule.js'
export type { StrictAnswer, StrictScript } from './script.js'
export {
  type Refusal,
  rulesOf,
  type StrictOptions,
  type StrictService,
  strictService,
} from './strict-service.js'
