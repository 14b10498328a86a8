// Preloaded by the tests of the first programs: requests to OpenAI and Anthropic go to the test's own servers. The programs stay as
// they are written, and the SDKs do what they do for the services' own hosts.
const hosts = {
  'https://api.openai.com': process.env.OPENAI_ON_LOOPBACK,
  'https://api.anthropic.com': process.env.ANTHROPIC_ON_LOOPBACK,
}
const { fetch } = globalThis

globalThis.fetch = (input, init) => {
  const url = input instanceof Request ? input.url : String(input)
  const [host, target] = Object.entries(hosts).find(([host]) => url.startsWith(host)) ?? []
  if (host === undefined) return fetch(input, init)
  const address = target + url.slice(host.length)
  return fetch(input instanceof Request ? new Request(address, input) : address, init)
}
