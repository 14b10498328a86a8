// Loaded before a server that does not say which port it got.
import { Server } from 'node:net'

const { listen } = Server.prototype
Server.prototype.listen = function (...args) {
  this.once('listening', () => process.stderr.write(`listening at port ${this.address().port}\n`))
  return listen.apply(this, args)
}
