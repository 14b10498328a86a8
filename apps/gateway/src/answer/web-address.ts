// Addresses that a service names as sources, and that clients show as links.

/** The address if it is one of the web: `javascript:`, `data:`, `file:` and the like must not become a client's link. */
export function webAddress(url: string | undefined): string | undefined {
  return url !== undefined && /^https?:\/\//i.test(url) ? url : undefined
}
