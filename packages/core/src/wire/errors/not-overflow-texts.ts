// Error texts that only resemble a context overflow, and servers that do not report one.
import type { ServerText } from './overflow-texts.js'

/** Errors about something else: a rate, a plan, an option, a size in bytes. */
export const otherTexts: ServerText[] = [
  {
    server: 'OpenAI',
    status: 429,
    text: 'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 342389. The input or output tokens must be reduced in order to run successfully.',
    source: 'vanna-ai/vanna-flask#11, 2024-06',
  },
  {
    server: 'Groq',
    status: 413,
    code: 'rate_limit_exceeded',
    text: 'Request too large for model `llama-3.3-70b-versatile` in organization `org_01` service tier `on_demand` on tokens per minute (TPM): Limit 12000, Requested 14137, please reduce your message size and try again.',
    source: 'continuedev/continue#10218, 2026-02',
  },
  {
    server: 'Groq',
    text: 'max_completion_tokens must be less than or equal to 40960, the maximum value for max_completion_tokens is less than the context_window for this model',
    source: 'Alishahryar1/free-claude-code#955, 2026-07',
  },
  {
    server: 'Anthropic',
    text: 'This request would exceed your organization’s rate limit of 40,000 input tokens per minute.',
    source: 'platform.claude.com/docs/en/api/rate-limits, 2026-11',
  },
  {
    server: 'Amazon Bedrock',
    text: 'Too many tokens, please wait before trying again.',
    source: 'aws-samples/well-architected-iac-analyzer#25, 2025-04',
  },
  {
    server: 'Amazon Bedrock',
    text: 'The maximum tokens you requested exceeds the model limit of 32768',
    source: 'charmbracelet/crush#946, 2025-09',
  },
  {
    server: 'Moonshot',
    text: 'request reached organization TPD rate limit, current: 1506556, limit: 1500000',
    source: 'openclaw/openclaw pi-embedded-helpers, 2026',
  },
  {
    server: 'Anthropic',
    status: 413,
    text: 'Request exceeds the maximum size',
    source: 'a size in bytes: platform.claude.com/docs/en/api/errors, 2026-11',
  },
  {
    server: 'OpenAI',
    text: 'max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.',
    source: 'platform.openai.com, 2026',
  },
]

/** Servers whose errors do not reveal an overflow. */
export const silentServers = [
  {
    server: 'Cerebras',
    does: 'at times answers 400 or 413 without a body',
    source: 'earendil-works/pi, 2026',
  },
  { server: 'Z.ai', does: 'at times takes the request and cuts it', source: 'earendil-works/pi, 2026' },
  {
    server: 'Xiaomi MiMo',
    does: 'cuts the prompt to the window, and answers nothing with finish_reason "length"',
    source: 'earendil-works/pi, 2026',
  },
  {
    server: 'Ollama through its OpenAI-compatible API',
    does: 'cuts the prompt; our ollama() forbids it',
    source: 'ollama/ollama server/routes.go, 2026-08',
  },
] as const
