// Formatting of sizes in bytes.

/** Bytes in megabytes, for messages. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`
}
