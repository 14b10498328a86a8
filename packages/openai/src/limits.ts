// The restrictions of models and servers, applied to a request: what they refuse is an error, or left out with a warning.
import type { PreparedChat, Reasoning, Warning } from '@patchbay/core'
import { type LeaveOut, leaveOutOf } from '@patchbay/core/wire'
import type { Target } from './api.js'
import type { Dialect } from './dialect.js'
import { dialectOf } from './dialects.js'
import { type Effort, type Family, familyOf } from './model-families.js'

/** A request that the model takes. */
export interface AcceptedChat {
  chat: PreparedChat
  dialect: Dialect
  /** The value of `reasoning_effort`. */
  effort: Effort | undefined
  /** Fields of the body that set reasoning, where the server has its own. */
  fields: Record<string, unknown>
  /** Whether the model may answer with reasoning. */
  isReasoning: boolean
  /** Whether marks for a cache are sent: as explicit breakpoints. */
  breakpoints: boolean
  leaveOut: LeaveOut
}

/**
 * The request without what its model does not take.
 * @throws {LlmError} `unsupported`, unless the request has `onUnsupported: 'warn'`
 */
export function accepted(
  given: PreparedChat,
  { model, who, preset }: Target,
  api: 'chat' | 'responses',
  warn: (warning: Warning) => void,
): AcceptedChat {
  const leaveOut = leaveOutOf(given, warn)
  const dialect = dialectOf(preset)
  const family: Family = {
    ...(dialect.efforts && { efforts: dialect.efforts }),
    ...familyOf(dialect.models, model),
  }
  const chat = { ...given }
  let { effort, fields } = reasoningOf(given.reasoning, family, { model, who, dialect, api, leaveOut, warn })
  let isOff = given.reasoning === 'off' || (given.reasoning === undefined && family.reasonsOnRequest === true)

  if (api === 'chat' && chat.tools.length > 0 && family.chatTools !== undefined) {
    const { chatTools } = family
    const mayReason = chatTools === 'without reasoning' && given.reasoning === undefined
    const isRefused = chatTools === 'never' || (!mayReason && effort !== 'none')
    if (isRefused && chat.toolChoice === 'none') chat.tools = []
    else if (isRefused && chatTools !== 'never') {
      const reason = `${model} takes tools on Chat Completions only with reasoning: 'off'; the Responses API takes both.`
      leaveOut('reasoning', reason, { instead: 'It answers without reasoning.' })
      effort = 'none'
      isOff = true
    }
  }
  if (family.forcedTools !== undefined && !isOff) {
    if (chat.toolChoice === 'none') chat.tools = []
    else if (chat.toolChoice !== undefined && chat.toolChoice !== 'auto')
      leaveOut(
        'toolChoice',
        `${model} cannot be forced to call a tool while it reasons; it can with reasoning: 'off'.`,
      )
    // Some of these models refuse any value.
    delete chat.toolChoice
  }
  // What the server ignores goes out as what it means.
  if (dialect.refuses.includes('toolChoice')) {
    if (chat.toolChoice === 'none') chat.tools = []
    delete chat.toolChoice
  }
  for (const name of ['temperature', 'topP', 'logprobs'] as const) {
    if (chat[name] === undefined || family.sampling !== 'without reasoning') continue
    // The default of the model, which must be explicit here.
    if (isOff) effort = 'none'
    else {
      // 1 is the default of both sampling options.
      if (chat[name] !== 1 || name === 'logprobs')
        leaveOut(name, `${model} takes ${name} only with reasoning: 'off'.`)
      delete chat[name]
    }
  }
  const hottest = family.maxTemperature ?? dialect.maxTemperature ?? Number.POSITIVE_INFINITY
  if ((chat.temperature ?? 0) > hottest) {
    leaveOut('temperature', `${who} takes a temperature up to ${hottest}.`)
    delete chat.temperature
  }
  const { maxStops = Number.POSITIVE_INFINITY, minOutputTokens = 0 } = dialect
  if ((chat.stop?.length ?? 0) > maxStops) {
    leaveOut('stop', `${who} takes up to ${maxStops} stop sequences.`, {
      instead: 'The others were left out.',
    })
    chat.stop = chat.stop?.slice(0, maxStops) ?? []
  }
  if (api === 'responses' && (chat.maxOutputTokens ?? minOutputTokens) < minOutputTokens) {
    const reason = `The Responses API takes maxOutputTokens from ${minOutputTokens}.`
    leaveOut('maxOutputTokens', reason, { instead: `The limit is ${minOutputTokens}.` })
    chat.maxOutputTokens = minOutputTokens
  }
  const isReasoning = effort !== 'none' && family.efforts?.length !== 0
  const breakpoints = family.cacheBreakpoints === true
  return { chat, dialect, effort, fields, isReasoning, breakpoints, leaveOut }
}

interface Circumstances extends Pick<Target, 'model' | 'who'> {
  dialect: Dialect
  api: 'chat' | 'responses'
  leaveOut: LeaveOut
  warn: (warning: Warning) => void
}

function reasoningOf(
  reasoning: Reasoning | undefined,
  { efforts, responsesEfforts = [], alwaysReasons }: Family,
  { model, who, dialect, api, leaveOut, warn }: Circumstances,
): Pick<AcceptedChat, 'effort' | 'fields'> {
  const set = (effort?: Effort, fields: Record<string, unknown> = {}) => ({ effort, fields })
  if (reasoning === undefined) return set()
  if (typeof reasoning === 'object') {
    if (dialect.budget) return set(undefined, dialect.budget(reasoning.budgetTokens))
    leaveOut('reasoningBudget', `${who} takes a level of reasoning, not a budget of tokens.`)
    return set()
  }
  const known = efforts && (api === 'responses' ? [...efforts, ...responsesEfforts] : efforts)
  if (reasoning === 'off') {
    if (known?.length === 0 && !alwaysReasons) return set()
    if (known === undefined || known.includes('none'))
      return dialect.reasoningOff ? set(undefined, dialect.reasoningOff) : set('none')
    leaveOut('reasoning', `${model} cannot answer without reasoning.`)
    return set()
  }
  if (known?.length === 0) {
    leaveOut('reasoning', `${model} takes no level of reasoning.`)
    return set()
  }
  if (dialect.reasoningOn && (known === undefined || known.includes('default')))
    return set(undefined, dialect.reasoningOn)
  if (known?.includes('default')) return set('default')
  if (known === undefined) return set(reasoning === 'max' ? 'xhigh' : reasoning)
  const effort = nearest(reasoning, known)
  if (effort !== reasoning && reasoning !== 'max')
    warn({
      code: 'other',
      feature: 'reasoning',
      message: `${model} has no level of reasoning ${reasoning}; it was sent as ${effort}.`,
    })
  return set(effort)
}

const levels: Effort[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** The level itself, or the next higher one, or the highest. */
function nearest(level: Effort, known: readonly Effort[]): Effort | undefined {
  const higher = levels.slice(levels.indexOf(level)).find((one) => known.includes(one))
  return higher ?? levels.findLast((one) => known.includes(one))
}
