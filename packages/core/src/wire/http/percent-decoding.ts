// Percent-decoding of texts that somebody else wrote.

/** The text with its percent escapes decoded; as it is if one of them is invalid, since a percent sign may be literal. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
