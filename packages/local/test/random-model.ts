// Random GGUF models for tests: a Llama of any size, with a byte vocabulary and a chat template. It says
// nothing sensible, but it loads, evaluates and generates like any other model of its size, without a download.
import { generator, type Tensor, type Value, writeGguf } from './gguf-writer.js'

/** The shape of the model. Defaults: a tiny one that never ends its answer by itself. */
export interface RandomModel {
  layers?: number
  width?: number
  heads?: number
  feedForward?: number
  context?: number
  /** More tokens: control tokens, and tokens of the user (`USER_DEFINED`), as model files hold them. */
  controlTokens?: string[]
  userTokens?: string[]
  /** More templates of the file, by their names. */
  namedTemplates?: Record<string, string>
  /** Default: byte-level BPE; `spm` for SentencePiece, which puts a space before a text; `wpm` for WordPiece, which keeps no spaces. */
  vocabulary?: keyof typeof vocabularies
  /** `null` for a model without one. */
  chatTemplate?: string | null
  /** A Qwen 3 with a head that tells documents which answer a query from those which do not, and no chat template. */
  ranks?: boolean
  /** Default: 32-bit floats; `q8_0` for files of realistic size. */
  type?: 'f32' | 'q8_0'
  seed?: number
  /** The model writes ASCII only, with its vocabulary of bytes. */
  ascii?: boolean
  /** In so many files, `…-00001-of-00002.gguf` and so on; the path given back is that of the first. */
  parts?: number
}

const chatml = `{%- for message in messages -%}{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}`

/** Writes the file and gives its path back. */
export function writeRandomModel(path: string, shape: RandomModel = {}): string {
  const {
    layers = 2,
    width = 64,
    heads = 4,
    feedForward = width * 3,
    context = 4096,
    ranks = false,
    chatTemplate = ranks ? null : chatml,
    type = 'f32',
    seed = 1,
    ascii = false,
    parts = 1,
    controlTokens = [],
    userTokens = [],
    namedTemplates = {},
    vocabulary = 'bpe',
  } = shape
  const { bytes: bytesOf, tokenizer, unknown } = vocabularies[vocabulary]
  const bytes = bytesOf()
  const control = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', ...controlTokens]
  const tokens = [...bytes, ...control, ...userTokens]
  const [end, imEnd] = [tokens.indexOf('<|endoftext|>'), tokens.indexOf('<|im_end|>')]
  const types = [
    ...bytes.map((token) => (token === unknown ? 2 : unknown === '<unk>' && /^<0x..>$/.test(token) ? 6 : 1)),
    ...control.map(() => 3),
    ...userTokens.map(() => 4),
  ]
  const architecture = ranks ? 'qwen3' : 'llama'
  const facts: Record<string, Value> = {
    'general.architecture': ['string', architecture],
    'general.name': ['string', `random ${layers}x${width}`],
    [`${architecture}.context_length`]: ['u32', context],
    [`${architecture}.embedding_length`]: ['u32', width],
    [`${architecture}.block_count`]: ['u32', layers],
    [`${architecture}.feed_forward_length`]: ['u32', feedForward],
    [`${architecture}.attention.head_count`]: ['u32', heads],
    [`${architecture}.attention.head_count_kv`]: ['u32', heads],
    [`${architecture}.attention.layer_norm_rms_epsilon`]: ['f32', 1e-5],
    [`${architecture}.rope.dimension_count`]: ['u32', width / heads],
    ...(ranks && {
      'qwen3.attention.key_length': ['u32', width / heads] as Value,
      'qwen3.attention.value_length': ['u32', width / heads] as Value,
      'qwen3.pooling_type': ['u32', 4] as Value,
      'qwen3.classifier.output_labels': ['array', 'string', ['yes', 'no']] as Value,
      'tokenizer.chat_template.rerank': ['string', 'Query: {query} Document: {document}'] as Value,
    }),
    'tokenizer.ggml.model': ['string', tokenizer],
    'tokenizer.ggml.pre': ['string', 'default'],
    ...(unknown && {
      'tokenizer.ggml.scores': ['array', 'f32', tokens.map((_, index) => -index)] as Value,
      'tokenizer.ggml.unknown_token_id': ['u32', 0] as Value,
    }),
    'tokenizer.ggml.tokens': ['array', 'string', tokens],
    'tokenizer.ggml.token_type': ['array', 'i32', types],
    'tokenizer.ggml.merges': ['array', 'string', ['a b']],
    'tokenizer.ggml.bos_token_id': ['u32', end],
    'tokenizer.ggml.eos_token_id': ['u32', imEnd],
    ...(chatTemplate !== null && { 'tokenizer.chat_template': ['string', chatTemplate] }),
    ...Object.fromEntries(
      Object.entries(namedTemplates).map(([name, source]) => [
        `tokenizer.chat_template.${name}`,
        ['string', source] as Value,
      ]),
    ),
  }
  const matrix = (name: string, columns: number, rows: number) => ({ name, dims: [columns, rows], type })
  const norm = (name: string, size = width) => ({ name, dims: [size], type: 'norm' as const })
  const tensors = [
    matrix('token_embd.weight', width, tokens.length),
    matrix('output.weight', width, tokens.length),
    norm('output_norm.weight'),
    ...(ranks ? [matrix('cls.output.weight', width, 2)] : []),
    ...Array.from({ length: layers }, (_, layer) => `blk.${layer}.`).flatMap((at) => [
      norm(`${at}attn_norm.weight`),
      ...['q', 'k', 'v', 'output'].map((part) => matrix(`${at}attn_${part}.weight`, width, width)),
      ...(ranks ? ['q', 'k'].map((part) => norm(`${at}attn_${part}_norm.weight`, width / heads)) : []),
      norm(`${at}ffn_norm.weight`),
      matrix(`${at}ffn_gate.weight`, width, feedForward),
      matrix(`${at}ffn_up.weight`, width, feedForward),
      matrix(`${at}ffn_down.weight`, feedForward, width),
    ]),
  ]

  // Control tokens get no weight, so that no answer ends before it is told to.
  const silent = ({ name }: Tensor, values: Buffer) => {
    if (name !== 'output.weight') return
    const row = values.length / tokens.length
    values.fill(0, row * end)
    if (ascii) values.fill(0, row * 128, row * 256)
  }
  const random = generator(seed)
  if (parts === 1) return writeGguf(path, facts, tensors, random, silent)
  const share = Math.ceil(tensors.length / parts)
  const paths = Array.from({ length: parts }, (_, part) =>
    writeGguf(
      partPath(path, part + 1, parts),
      {
        ...(part === 0 && facts),
        'split.no': ['u16', part],
        'split.count': ['u16', parts],
        'split.tensors.count': ['i32', tensors.length],
      },
      tensors.slice(part * share, (part + 1) * share),
      random,
      silent,
    ),
  )
  return paths[0] ?? path
}

/** Writes a LoRA adapter with random weights over the queries of a random model's layers, and gives its path back. */
export function writeRandomAdapter(
  path: string,
  { layers = 2, width = 64, seed = 9 }: RandomModel = {},
): string {
  const rank = 4
  const facts: Record<string, Value> = {
    'general.architecture': ['string', 'llama'],
    'general.type': ['string', 'adapter'],
    'adapter.type': ['string', 'lora'],
    'adapter.lora.alpha': ['f32', 64],
  }
  const tensors = Array.from({ length: layers }, (_, layer) => `blk.${layer}.attn_q.weight`).flatMap(
    (name): Tensor[] => [
      { name: `${name}.lora_a`, dims: [width, rank], type: 'f32' },
      { name: `${name}.lora_b`, dims: [rank, width], type: 'f32' },
    ],
  )
  return writeGguf(path, facts, tensors, generator(seed))
}

function partPath(path: string, part: number, parts: number): string {
  const five = (number: number) => String(number).padStart(5, '0')
  return path.replace(/\.gguf$/, `-${five(part)}-of-${five(parts)}.gguf`)
}

/** The 256 byte tokens as GPT-2's tokeniser writes them. */
function byteTokens(): string[] {
  const plain = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(plain(byte) ? byte : next++))
}

const letters = Array.from({ length: 94 }, (_, index) => String.fromCodePoint(33 + index))

/** Tokens of a small SentencePiece vocabulary: bytes, the sign for a space, and letters. */
function sentencePieces(): string[] {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  )
  return ['<unk>', ...bytes, '\u2581', ...letters]
}

/** Tokens of a small WordPiece vocabulary: letters at the start of a word, and those that go on with one. */
function wordPieces(): string[] {
  return ['[UNK]', ...letters.map((letter) => `\u2581${letter}`), ...letters]
}

/** `tokenizer`: the name of its algorithm in model files. */
const vocabularies = {
  bpe: { bytes: byteTokens, tokenizer: 'gpt2', unknown: undefined },
  spm: { bytes: sentencePieces, tokenizer: 'llama', unknown: '<unk>' },
  wpm: { bytes: wordPieces, tokenizer: 'bert', unknown: '[UNK]' },
}
