// Environment of a llama-server.

/** Words in names of variables whose values are secrets. */
const secret = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i

/** The app's own, without what it has for other servers (the arguments decide) and without its secrets. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('LLAMA_ARG_') && !secret.test(name)),
  )
}
