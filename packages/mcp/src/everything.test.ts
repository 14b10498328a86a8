// The official everything-server as a process.
import { describe } from 'vitest'
import { everythingSuite } from '../test/everything-suite.js'
import { everythingProcess } from '../test/official-servers.js'

describe('the everything-server by a process', () => everythingSuite(async () => everythingProcess))
