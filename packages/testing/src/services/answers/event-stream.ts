// AWS's binary framing of a stream: each event in a message with headers and checksums. Source: docs.aws.amazon.com/AmazonS3/latest/API/
// RESTSelectObjectAppendix (the format), docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.
import { crc32 } from 'node:zlib'

/** The events of the Messages API as the body of an answer of `InvokeModelWithResponseStream`. */
export function eventStream(events: readonly string[]): Uint8Array {
  return Buffer.concat(events.map((event) => message({ bytes: Buffer.from(event).toString('base64') })))
}

const headers = Buffer.concat(
  Object.entries({
    ':event-type': 'chunk',
    ':content-type': 'application/json',
    ':message-type': 'event',
  }).map(([name, value]) => {
    const text = 7
    const lengths = Buffer.from([text, value.length >> 8, value.length & 0xff])
    return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), lengths, Buffer.from(value)])
  }),
)

/** Lengths of the message and of its headers with their checksum, headers, body, and the checksum of it all. */
function message(body: object): Buffer {
  const payload = Buffer.from(JSON.stringify(body))
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(16 + headers.length + payload.length, 0)
  lengths.writeUInt32BE(headers.length, 4)
  const content = Buffer.concat([lengths, checksum(lengths), headers, payload])
  return Buffer.concat([content, checksum(content)])
}

function checksum(bytes: Uint8Array): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}
