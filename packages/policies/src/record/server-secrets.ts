// Tokens that server tools carry for other services: a cassette must not hold them.
import type { PreparedChat, PreparedServerTool } from '@patchbay/core'
import { serverToolSecrets } from '@patchbay/core/wire'
import { isObject } from '@patchbay/core/wrap'
import { mapTexts } from '../content/map-texts.js'

/** A value without the tokens of the request's server tools, whatever their form. */
export type WithoutServerSecrets = <T>(value: T) => T

/** Makes a function that replaces the tokens of this normalized request's server tools by `[SECRET]` in any value, opaque state included. */
export function withoutServerSecretsOf(request: unknown): WithoutServerSecrets {
  const secrets = hasServerTools(request) ? serverToolSecrets(request).filter((secret) => secret !== '') : []
  if (secrets.length === 0) return (value) => value
  // As they are, in JSON and in addresses. The longest first, since one may be part of another.
  const forms = secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    .sort((one, other) => other.length - one.length)
  return (value) =>
    mapTexts(value, (text) => forms.reduce((rest, form) => rest.replaceAll(form, '[SECRET]'), text), true)
}

/** The request without the lists of its server tools' tokens. */
export function withoutSecretLists(request: unknown): unknown {
  if (!hasServerTools(request)) return request
  return { ...request, serverTools: request.serverTools.map(withoutList) }
}

function withoutList({ server: { secrets: _, ...server }, ...tool }: PreparedServerTool): PreparedServerTool {
  return { ...tool, server }
}

function hasServerTools(
  request: unknown,
): request is PreparedChat & Required<Pick<PreparedChat, 'serverTools'>> {
  return isObject(request) && Array.isArray(request.serverTools)
}
