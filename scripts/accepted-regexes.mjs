// Regular expressions that recheck finds and that are harmless all the same: expression → why.

const named = 'what the app itself names: an address, a model, a file'

export const accepted = {
  [String(/\/+$/)]: named,
  [String(/arctic-embed.*(2\.0|v2|embed2)/)]: named,
  [String(/^(.*-)\d{5}(-of-(\d{5})\.gguf(?:[?#].*)?)$/)]: named,
  [String(/^(hf:|https?:\/\/)|[?#].*$|\.gguf$/g)]: named,
  [String(/(\d+(?:\.\d+)?)(ms|[dhms])/g)]: 'only over a text that matches it from end to end',
  [String(/"((?:[^"\\]|\\.)*)"/g)]: 'only over JSON that was just written: each quote is closed',
}

const ofTheApp = 'a pattern of the app itself, which answers for it'

/** `new RegExp` of more than a text that stands there: by file, the reason of each in its order. */
export const made = {
  'packages/core/src/schema/linear-patterns.ts': ['only tells whether it is a pattern; RE2 matches it'],
  'packages/core/src/wire/errors/overflow.ts': [
    'literals of that file behind a bracket, a comma or a colon, and a quote',
  ],
  'packages/core/src/wire/secrets/request-secrets.ts': [
    'escaped literal text, bounded backslashes',
    'escaped literal text, bounded backslashes',
  ],
  'packages/local/src/worker/grammar/pattern-grammar.ts': [
    'only tells whether it is a pattern',
    'only over the empty text',
  ],
  'packages/local/src/worker/jinja/text-methods.ts': [
    'one class of characters, escaped, begun only at the start',
    'one character of a class, escaped',
  ],
  'packages/openai/src/end-of-life.ts': ['literal names of that file, and an ending of fixed length'],
  'packages/policies/src/content/detect/secrets.ts': [
    'a literal of this file, which is checked there, over a text that matches it',
    'literal text and classes that exclude the dot between them, begun only where a word begins',
  ],
  'packages/policies/src/content/mask/placeholders.ts': [
    'begun only by a bracket, of bounded length',
    'a string that always ends, or the form of a placeholder',
    ofTheApp,
  ],
  'packages/policies/src/content/detect/ids.ts': ['forms of numbers of this file, each of bounded length'],
  'packages/policies/src/content/guard.ts': ['a word, escaped', ofTheApp],
  'packages/policies/src/content/detect/ibans.ts': [
    'forms of the table of ibantools, over one account number of at most 34 letters',
  ],
  'packages/policies/src/content/detect/scan.ts': [
    'literals of the files that call it, which are checked there',
  ],
  'packages/claude/src/models.ts': ['names of families of that file, over the name of a model'],
  'packages/testing/src/contract/nothing-lost.ts': [
    'names of parts that stand in that file',
    'a marker of that file, of letters and digits',
  ],
  'apps/gateway/src/answer/client-errors.ts': [
    'a choice of literal texts',
    'over one sentence of at most 2,000 letters',
    'the names of our own fields, escaped',
  ],
}
