// Examples of every kind of block in LangChain messages, in all its forms.
type Block = Record<string, unknown>
const png = 'iVBORw0KGgo='
const pdf = 'JVBERi0='
const wav = 'UklGRgAAAABXQVZF'
const image = { type: 'image', data: png, mediaType: 'image/png' }
const file = { type: 'file', data: pdf, mediaType: 'application/pdf' }
const audio = { type: 'audio', data: wav, mediaType: 'audio/wav' }

/** A block, and the parts it is for us; or the words by which it is refused. */
export type Row = [kind: string, block: Block | string, parts: object[] | string, warned?: string]

export const blocks: Row[] = [
  ['text', { type: 'text', text: 'x' }, [{ type: 'text', text: 'x' }]],
  ['text of version 0', { type: 'text', source_type: 'text', text: 'x' }, [{ type: 'text', text: 'x' }]],
  [
    'text with a citation',
    {
      type: 'text',
      text: 'x',
      annotations: [
        { type: 'citation', url: 'https://e.example', citedText: 'q', startIndex: 0, endIndex: 1 },
      ],
    },
    [{ type: 'text', text: 'x', citations: [{ url: 'https://e.example', quote: 'q', start: 0, end: 1 }] }],
  ],
  [
    'text with another annotation',
    { type: 'text', text: 'x', annotations: [{ type: 'note' }] },
    [{ type: 'text', text: 'x' }],
    'annotation of type note',
  ],
  [
    'text with a field of a service',
    { type: 'text', text: 'x', extras: { phase: 'a' } },
    [{ type: 'text', text: 'x' }],
    'field extras of a block of type text',
  ],
  ['plain text', { type: 'text-plain', text: 'x' }, [{ type: 'text', text: 'x' }]],
  [
    'plain text with a title',
    { type: 'text-plain', text: 'x', title: 'T', context: 'C' },
    [{ type: 'text', text: 'T\n\nC\n\nx' }],
  ],
  [
    'plain text in base64',
    { type: 'text-plain', data: 'eA==', mimeType: 'text/plain', title: 'a.txt' },
    [{ type: 'file', data: 'eA==', mediaType: 'text/plain', name: 'a.txt' }],
  ],
  [
    'plain text by address',
    { type: 'text-plain', url: 'https://e.example/a' },
    [{ type: 'file', url: 'https://e.example/a', mediaType: 'text/plain' }],
  ],
  ['plain text by id', { type: 'text-plain', fileId: 'f' }, 'text-plain by its id'],
  ['image', { type: 'image', data: png, mimeType: 'image/png' }, [image]],
  [
    'image by address',
    { type: 'image', url: 'https://e.example/a' },
    [{ type: 'image', url: 'https://e.example/a' }],
  ],
  ['image in a data URL', { type: 'image', url: `data:image/png;base64,${png}` }, [image]],
  ['image by id', { type: 'image', fileId: 'f' }, 'image by its id'],
  ['image of nothing', { type: 'image' }, 'image without data'],
  ['image_url', { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }, [image]],
  ['image_url as a string', { type: 'image_url', image_url: `data:image/png;base64,${png}` }, [image]],
  [
    'image_url with a detail',
    { type: 'image_url', image_url: { url: `data:image/png;base64,${png}`, detail: 'low' } },
    [image],
    'field detail of a block of type image_url',
  ],
  [
    'image of version 0',
    { type: 'image', source_type: 'base64', data: png, mime_type: 'image/png' },
    [image],
  ],
  ['image of version 0 by id', { type: 'image', source_type: 'id', id: 'f' }, 'image by its id'],
  [
    "image in Claude's form",
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
    [image],
  ],
  ['file', { type: 'file', data: pdf, mimeType: 'application/pdf' }, [file]],
  [
    'file with a name',
    { type: 'file', data: pdf, mimeType: 'application/pdf', metadata: { filename: 'a.pdf' } },
    [{ ...file, name: 'a.pdf' }],
  ],
  [
    "file in OpenAI's form",
    { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
    [{ ...file, name: 'a.pdf' }],
  ],
  ["file in OpenAI's form by id", { type: 'file', file: { file_id: 'f' } }, 'file by its id'],
  [
    'text file of version 0',
    { type: 'file', source_type: 'text', text: 'x', mime_type: 'text/plain' },
    [{ type: 'text', text: 'x' }],
  ],
  [
    "document in Claude's form",
    { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
    [{ ...file, name: 'T' }],
  ],
  [
    "text document in Claude's form",
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } },
    [{ type: 'text', text: 'x' }],
  ],
  ['audio', { type: 'audio', data: wav, mimeType: 'audio/wav' }, [audio]],
  ['audio in a data URL', { type: 'audio', url: `data:audio/wav;base64,${wav}` }, [audio]],
  ['audio by address', { type: 'audio', url: 'https://e.example/a' }, 'audio by its address'],
  ['input_audio', { type: 'input_audio', input_audio: { data: wav, format: 'wav' } }, [audio]],
  ['video', { type: 'video', url: 'https://e.example/a' }, 'video'],
  ['non_standard', { type: 'non_standard', value: { type: 'x' } }, 'non_standard'],
  ['server_tool_call', { type: 'server_tool_call', id: 'a', name: 's', args: {} }, 'server_tool_call'],
  ['server_tool_call_chunk', { type: 'server_tool_call_chunk', name: 's' }, 'server_tool_call_chunk'],
  ['tool_call_chunk', { type: 'tool_call_chunk', name: 's' }, 'tool_call_chunk'],
  ['unknown', { type: 'mystery', text: 'x' }, 'mystery'],
  ['without a type', { cachePoint: {} }, 'without a type'],
  ['string', 'x', [{ type: 'text', text: 'x' }]],
]
/** What only an answer holds. */
export const answerBlocks: Row[] = [
  ['reasoning', { type: 'reasoning', reasoning: 'r' }, [{ type: 'reasoning', text: 'r' }]],
  [
    'signed reasoning',
    { type: 'reasoning', reasoning: 'r', signature: 's' },
    [{ type: 'reasoning', text: 'r' }],
    'field signature of a block of type reasoning',
  ],
  [
    "thinking in Claude's form",
    { type: 'thinking', thinking: 'r', signature: 's' },
    [{ type: 'reasoning', text: 'r' }],
    'field signature of a block of type thinking',
  ],
  ['refusal', { type: 'refusal', refusal: 'No.' }, [{ type: 'refusal', text: 'No.' }]],
  [
    'server_tool_call_result',
    { type: 'server_tool_call_result', toolCallId: 's', status: 'error', output: { a: 1 } },
    [{ type: 'tool-result', id: 's', output: '{"a":1}', isError: true }],
  ],
  [
    'tool_call',
    { type: 'tool_call', id: 'b', name: 't', args: { a: 1 } },
    [{ type: 'tool-call', id: 'b', name: 't', input: { a: 1 } }],
  ],
  [
    'tool_use',
    { type: 'tool_use', id: 'b', name: 't', input: { a: 1 } },
    [{ type: 'tool-call', id: 'b', name: 't', input: { a: 1 } }],
  ],
  [
    'invalid_tool_call',
    { type: 'invalid_tool_call', id: 'b', name: 't', args: '{a' },
    [{ type: 'tool-call', id: 'b', name: 't', input: { $unparsed: '{a' } }],
  ],
]
