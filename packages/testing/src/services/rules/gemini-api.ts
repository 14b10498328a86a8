// Rules of Gemini's own API, `generateContent`: protocol buffers as JSON, whose unknown names are refused at every depth.
import { first, type Json, listOf, type Problem, type Rule } from '../rule.js'
import { unknownName } from './gemini-names.js'

const text = (words: string): Json => ({ text: words })
const user = (...parts: Json[]): Json => ({ role: 'user', parts })
const model = (...parts: Json[]): Json => ({ role: 'model', parts })
const call = (more: Json = {}): Json => ({
  functionCall: { name: 'look', args: {} },
  thoughtSignature: 'c2ln',
  ...more,
})
const result = (more: Json = {}): Json => ({
  functionResponse: { name: 'look', response: { output: 'Seen.' }, ...more },
})
const tools = [{ functionDeclarations: [{ name: 'look' }] }]
const ask = (name: string, ...contents: Json[]): Json => ({
  path: `/v1beta/models/${name}:generateContent`,
  contents,
  tools,
})
const flash = 'gemini-3.6-flash'
const hi = user(text('Hi.'))

const isCall = ({ functionCall }: Json): boolean => functionCall !== undefined
const isResult = ({ functionResponse }: Json): boolean => functionResponse !== undefined
const contentsOf = ({ contents }: Json): Json[] => listOf(contents)
const partsOf = ({ parts }: Json): Json[] => listOf(parts)
const generation = (name: string): number => Number(/gemini-(\d+(?:\.\d+)?)/.exec(name)?.[1] ?? 9)

/** Before each content: whether it is one of calls, or of results. */
const turns = (body: Json) =>
  contentsOf(body).map((one, index, all) => ({
    ...{ one, index, before: all[index - 1], next: all[index + 1] },
    calls: partsOf(one).filter(isCall),
    results: partsOf(one).filter(isResult),
  }))

// ai.google.dev/gemini-api/docs: image-understanding, document-processing, audio, video-understanding.
const types =
  /^(image\/(png|jpeg|webp|heic|heif)|application\/(pdf|json|rtf|x-javascript|x-python)|text\/.+|audio\/.+|video\/.+)$/

const budgets: [pattern: RegExp, min: number, max: number][] = [
  [/gemini-2\.5-pro/, 128, 32_768],
  [/gemini-2\.5-flash-lite/, 512, 24_576],
  [/gemini-2\.5/, 1, 24_576],
]

const docs = 'ai.google.dev/gemini-api/docs'

export const geminiApi: readonly Rule[] = [
  {
    id: 'gemini-api/unknown-name',
    refuses: 'Names that a message of the protocol does not have, at every depth.',
    check: ({ body }) => unknownName(body),
    ...{
      source: 'ai.google.dev/api/generate-content; @google/genai 2.32.0 (types)',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: ask(flash, { ...hi, name: 'Eve' }), mends: { contents: [hi] } },
  },
  {
    id: 'gemini-api/contents',
    refuses: 'A request without contents, and contents without parts.',
    check: ({ body }) => {
      if (contentsOf(body).length === 0) return '* GenerateContentRequest.contents: contents is not specified'
      return contentsOf(body).some((one) => partsOf(one).length === 0)
        ? '* GenerateContentRequest.contents: contents.parts must not be empty.'
        : undefined
    },
    ...{ source: 'google-gemini/gemini-cli#9890; langchain-google#1178', date: '2026-01', sure: 'high' },
    example: { breaks: ask(flash, hi, model(), hi), mends: { contents: [hi] } },
  },
  {
    id: 'gemini-api/empty-part',
    refuses: 'A part without data.',
    check: ({ body }) =>
      contentsOf(body)
        .flatMap(partsOf)
        .some((one) => !Object.keys(one).some((name) => name !== 'thought' && name !== 'thoughtSignature'))
        ? "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' must have one initialized field"
        : undefined,
    ...{ source: 'google-gemini/cookbook#354; vercel/ai#3567', date: '2025-11', sure: 'high' },
    example: { breaks: ask(flash, user({ thought: true })), mends: { contents: [hi] } },
  },
  {
    id: 'gemini-api/roles',
    refuses: 'Roles other than user and model.',
    check: ({ body }) =>
      contentsOf(body).some(({ role }) => role !== undefined && !['user', 'model', 'function'].includes(role))
        ? 'Please use a valid role: user, model.'
        : undefined,
    ...{
      source: 'google-gemini/generative-ai-js#100; ai.google.dev/api/caching#Content',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: ask(flash, { role: 'assistant', parts: [text('Hi.')] }), mends: { contents: [hi] } },
  },
  {
    id: 'gemini-api/call-after-user',
    refuses: 'A turn of calls that does not follow a turn of the user or of results.',
    check: ({ body }) =>
      turns(body).some(({ calls, before }) => calls.length > 0 && before?.role !== 'user')
        ? 'Please ensure that function call turn comes immediately after a user turn or after a function response turn.'
        : undefined,
    ...{ source: 'microsoft/vscode#299295; google-gemini/gemini-cli#1711', date: '2026-03', sure: 'high' },
    example: {
      breaks: ask(flash, model(call()), user(result())),
      mends: { contents: [hi, model(call()), user(result())] },
    },
  },
  {
    id: 'gemini-api/results',
    refuses:
      'A turn of results that has another number of parts than the turn of calls before it, or none before it.',
    check: ({ body }) =>
      first(turns(body), ({ calls, results, next, before }): Problem | string | undefined => {
        if (results.length > 0 && !partsOf(before ?? {}).some(isCall))
          return 'Please ensure that function response turn comes immediately after a function call turn.'
        return calls.length > 0 &&
          next !== undefined &&
          partsOf(next).filter(isResult).length !== calls.length
          ? 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.'
          : undefined
      }),
    ...{
      source: 'microsoft/vscode#299295; cloudwego/eino-ext#571; llxprt-code#194',
      date: '2026-03',
      sure: 'high',
    },
    example: {
      breaks: ask(flash, hi, model(call(), call()), user(result())),
      mends: { contents: [hi, model(call(), call()), user(result(), result())] },
    },
  },
  {
    id: 'gemini-api/signature',
    refuses: 'A first call of a step of the current turn without its thought signature, from Gemini 3 on.',
    check: ({ body, model: name }) => {
      if (generation(name) < 3) return
      const all = turns(body)
      // The current turn begins after the last message of the user that is not a result.
      const start = all.findLastIndex(({ one, results }) => one.role === 'user' && results.length === 0)
      const bare = all
        .slice(start + 1)
        .find(({ calls }) => calls[0] !== undefined && !calls[0].thoughtSignature)
      return bare === undefined
        ? undefined
        : `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${bare.calls[0]?.functionCall.name}\`, position ${bare.index + 1}.`
    },
    ...{ source: `${docs}/thought-signatures; koog#1148; goose#5829`, date: '2026-09', sure: 'high' },
    example: {
      breaks: ask(flash, hi, model(call({ thoughtSignature: '' })), user(result())),
      mends: { contents: [hi, model(call()), user(result())] },
    },
  },
  {
    id: 'gemini-api/struct',
    refuses: 'Arguments and results that are not objects.',
    check: ({ body }) =>
      first(contentsOf(body).flatMap(partsOf), ({ functionCall, functionResponse }) => {
        const struct = functionCall === undefined ? functionResponse?.response : (functionCall.args ?? {})
        const isObject = typeof struct === 'object' && struct !== null && !Array.isArray(struct)
        return (functionCall ?? functionResponse) === undefined || isObject
          ? undefined
          : "Invalid value at 'contents[0].parts[0]' (type.googleapis.com/google.protobuf.Struct)"
      }),
    ...{
      source: 'ai.google.dev/api/caching#FunctionResponse; langchain-google#734',
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: ask(flash, hi, model(call()), user(result({ response: 'Seen.' }))),
      mends: { contents: [hi, model(call()), user(result())] },
    },
  },
  {
    id: 'gemini-api/names',
    refuses: 'Names of functions that do not begin with a letter or an underscore, or have other characters.',
    check: ({ body }) =>
      first(
        listOf(body.tools).flatMap(({ functionDeclarations }) => listOf(functionDeclarations)),
        ({ name }, index) =>
          /^[a-zA-Z_][\w.:-]{0,127}$/.test(String(name))
            ? undefined
            : `* GenerateContentRequest.tools[0].function_declarations[${index}].name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.`,
      ),
    ...{
      source: `ai.google.dev/api/caching#FunctionDeclaration; gemini-cli#2654`,
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: { ...ask(flash, hi), tools: [{ functionDeclarations: [{ name: '1st' }] }] },
      mends: { tools },
    },
  },
  {
    id: 'gemini-api/combined-tools',
    refuses:
      "Google's own tools beside functions, before Gemini 3; later models take them with includeServerSideToolInvocations.",
    check: ({ body, model: name, path }) => {
      const all = listOf(body.tools)
      const functions = all.filter(({ functionDeclarations }) => listOf(functionDeclarations).length > 0)
      if (functions.length === 0 || functions.length === all.length) return
      if (generation(name) < 3) return 'Tool use with function calling is unsupported'
      // Vertex AI has no such field.
      return body.toolConfig?.includeServerSideToolInvocations === true || path.includes('/publishers/')
        ? undefined
        : 'Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling.'
    },
    ...{
      source: 'snailyp/gemini-balance#17; cloudwego/eino-ext#761; googleapis/js-genai#1425',
      date: '2026-04',
      sure: 'high',
    },
    example: {
      breaks: { ...ask(flash, hi), tools: [...tools, { googleSearch: {} }] },
      mends: { toolConfig: { includeServerSideToolInvocations: true } },
    },
  },
  {
    id: 'gemini-api/allowed-names',
    refuses:
      'Allowed names that are no declared function, and allowed names without the mode ANY or VALIDATED.',
    check: ({ body }) => {
      const { mode, allowedFunctionNames } = body.toolConfig?.functionCallingConfig ?? {}
      if (allowedFunctionNames === undefined) return
      const names = listOf(body.tools).flatMap(({ functionDeclarations }) => listOf(functionDeclarations))
      if (!['ANY', 'VALIDATED'].includes(mode))
        return 'Function calling config is set without mode ANY: allowed_function_names should be empty.'
      return (allowedFunctionNames as string[]).every((name) => names.some((one) => one.name === name))
        ? undefined
        : 'allowed_function_names should be a subset of the declared functions.'
    },
    ...{ source: `${docs}/function-calling ("Function calling modes")`, date: '2026-11', sure: 'medium' },
    example: {
      breaks: {
        ...ask(flash, hi),
        toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['x'] } },
      },
      mends: { toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } } },
    },
  },
  {
    id: 'gemini-api/json-with-tools',
    refuses: 'A form of the answer beside functions, before Gemini 3.',
    check: ({ body, model: name }) =>
      generation(name) < 3 &&
      body.generationConfig?.responseMimeType === 'application/json' &&
      listOf(body.tools).length > 0
        ? "Function calling with a response mime type: 'application/json' is unsupported"
        : undefined,
    ...{ source: `${docs}/structured-output; vercel/ai#6494`, date: '2026-03', sure: 'high' },
    example: {
      breaks: { ...ask('gemini-2.5-flash', hi), generationConfig: { responseMimeType: 'application/json' } },
      mends: { tools: undefined },
    },
  },
  {
    id: 'gemini-api/schema-without-type',
    refuses: 'A schema of the answer without the media type of JSON.',
    check: ({ body: { generationConfig: { responseJsonSchema, responseSchema, responseMimeType } = {} } }) =>
      (responseJsonSchema ?? responseSchema) !== undefined && responseMimeType !== 'application/json'
        ? "Unable to submit request because response_schema is set and response mime type is 'text/plain'."
        : undefined,
    ...{ source: 'ai.google.dev/api/generate-content (responseJsonSchema)', date: '2026-11', sure: 'high' },
    example: {
      breaks: { ...ask(flash, hi), generationConfig: { responseJsonSchema: { type: 'object' } } },
      mends: { generationConfig: {} },
    },
  },
  {
    id: 'gemini-api/thinking',
    refuses:
      'Levels before Gemini 3, levels that the model does not have, budgets outside of its range, and both at once.',
    check: ({ body, model: name }) => {
      const { thinkingLevel: level, thinkingBudget: budget } = body.generationConfig?.thinkingConfig ?? {}
      if (level !== undefined && budget !== undefined)
        return 'You can only set only one of thinking budget and thinking level.'
      if (level !== undefined && !['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'].includes(level))
        return `Invalid value at 'generation_config.thinking_config.thinking_level', "${level}"`
      if (level !== undefined && generation(name) < 3)
        return 'Thinking level is not supported for this model.'
      if (level === 'MINIMAL' && /gemini-3[\d.]*-pro/.test(name))
        return 'Thinking level MINIMAL is not supported for this model. Please retry with other thinking level.'
      const [, min = 0, max = 65_535] = budgets.find(([pattern]) => pattern.test(name)) ?? []
      const isOff = budget === 0 && !/pro/.test(name) && generation(name) < 3
      if (budget === undefined || budget === -1 || isOff || (budget >= min && budget <= max && budget !== 0))
        return
      return budget === 0
        ? 'Budget 0 is invalid. This model only works in thinking mode.'
        : `The thinking budget ${budget} is invalid. Please choose a value between ${min} and ${max}.`
    },
    ...{
      source: `${docs}/thinking; RSSBox#132; google-gemini/gemini-cli#4536`,
      date: '2026-11',
      sure: 'high',
    },
    example: {
      breaks: { ...ask('gemini-2.5-pro', hi), generationConfig: { thinkingConfig: { thinkingBudget: 0 } } },
      mends: { generationConfig: { thinkingConfig: { thinkingBudget: 128 } } },
    },
  },
  {
    id: 'gemini-api/stop',
    refuses: 'More than five stop sequences.',
    check: ({ body }) =>
      (body.generationConfig?.stopSequences ?? []).length > 5
        ? 'The number of stop sequences must not exceed 5.'
        : undefined,
    ...{ source: 'ai.google.dev/api/generate-content (stopSequences)', date: '2026-11', sure: 'high' },
    example: {
      breaks: { ...ask(flash, hi), generationConfig: { stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] } },
      mends: { generationConfig: { stopSequences: ['a'] } },
    },
  },
  {
    id: 'gemini-api/media-types',
    refuses: 'Media of types that the models do not read.',
    check: ({ body }) =>
      first(contentsOf(body).flatMap(partsOf), ({ inlineData }) =>
        inlineData === undefined || types.test(String(inlineData.mimeType))
          ? undefined
          : `Unsupported MIME type: ${inlineData.mimeType}`,
      ),
    ...{ source: `${docs}/image-understanding; vercel/ai#8412`, date: '2026-11', sure: 'high' },
    example: {
      breaks: ask(flash, user({ inlineData: { mimeType: 'image/gif', data: 'R0lG' } })),
      mends: { contents: [hi] },
    },
  },
]
