// Environment of a llama-server.

/** Words in names of variables whose values are secrets. */
const secret = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i

/**
 * The app's own, without what it has for other servers (the arguments decide), without variables that are named after secrets and
 * without addresses that hold a password.
 */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name, value = '']) =>
        !name.startsWith('LLAMA_ARG_') && !secret.test(name) && !/:\/\/[^/@:]*:[^/@]*@/.test(value),
    ),
  )
}
