// A DNS server for tests: real packets over UDP, with records that a test changes.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { onTestFinished } from 'vitest'

/** A record, in the form of dns-packet. */
export interface DnsRecord {
  name: string
  type: 'A' | 'AAAA' | 'SRV'
  ttl?: number
  data: string | { target: string; port: number; priority?: number; weight?: number }
}

interface Packet {
  id?: number
  type?: string
  flags?: number
  questions?: { name: string; type: string }[]
  answers?: DnsRecord[]
}
/** The package has no types. */
const { decode, encode } = createRequire(import.meta.url)('dns-packet') as {
  decode(bytes: Uint8Array): Packet
  encode(packet: Packet): Uint8Array
}

const nameError = 3
const serverFailure = 2

export interface DnsServer {
  /** As `127.0.0.1:5353`. */
  address: string
  records: DnsRecord[]
  /** Whether it answers that it cannot answer. */
  fails: boolean
  /** Questions so far. */
  asked: number
}

/** Starts one, which ends with its test. */
export async function dnsServer(...records: DnsRecord[]): Promise<DnsServer> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  const server: DnsServer = { address: `127.0.0.1:${socket.address().port}`, records, fails: false, asked: 0 }
  socket.on('message', (bytes, { port, address }) => {
    const { id = 0, questions = [] } = decode(bytes)
    server.asked++
    const [question] = questions
    const known = server.records.filter(({ name }) => name === question?.name)
    const answers = server.fails ? [] : known.filter(({ type }) => type === question?.type)
    const code = server.fails ? serverFailure : known.length === 0 ? nameError : 0
    socket.send(encode({ id, type: 'response', flags: code, questions, answers }), port, address)
  })
  return server
}
