// Keys of services, recognised by their shapes: somebody may paste one where a name or an address belongs.
import { LlmError } from '../errors.js'

// OpenAI, Anthropic, OpenRouter, DeepSeek, Moonshot and Alibaba (`sk-`), Cerebras (`csk-`), Groq, Google, xAI, Hugging Face
// and Together, as their consoles made them in November 2026, and our gateway (`pb-`). Mistral's and Azure's have no shape of
// their own. Names of models may begin the same (`xai-grok-4`), but have no sixteen letters and digits in a row.
const shapes =
  /(?<![A-Za-z0-9])(?:(sk-(?:ant|proj|svcacct|admin|or)-|AIza|tgp_v1_)[\w-]{16,}|(c?sk-|gsk_|xai-|hf_)[A-Za-z0-9]{16}[\w-]*|(pb-)[\w-]{43,})/gi

/** A text without the keys in it: of each, only the letters that all keys of its service begin with are left. */
export function withoutKeys(text: string): string {
  return text.replace(shapes, '$1$2$3…')
}

/**
 * Checks the name of a model that a factory was given, `example` being one of its models. All errors of a provider may quote
 * its model, so a key is refused.
 * @throws {LlmError} `config` without a name, and for a key in its place
 */
export function checkModel(
  model: string | undefined,
  provider: string,
  example: string,
): asserts model is string {
  if (!model)
    throw new LlmError('config', `${provider}() needs a model, for example ${provider}('${example}').`, {
      provider,
    })
  if (withoutKeys(model) !== model)
    throw new LlmError(
      'config',
      `The model of ${provider}() is a key: ${withoutKeys(model)}. Pass it as apiKey, and a model, for example ${provider}('${example}', { apiKey }).`,
      { provider },
    )
}
