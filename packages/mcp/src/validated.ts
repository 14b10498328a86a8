// Checks what a server sends against a schema of the official client.
import { ProtocolError, ProtocolErrorCode, type StandardSchemaV1 } from '@modelcontextprotocol/client'

/** @throws {ProtocolError} invalid parameters */
export async function validated<T>(schema: StandardSchemaV1<unknown, T>, value: unknown): Promise<T> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  const [first] = result.issues
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Invalid parameters: ${first?.message ?? 'unknown'}`,
  )
}
