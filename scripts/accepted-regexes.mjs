// Regular expressions that recheck finds and that are harmless all the same: expression → why.

const named = 'what the app itself names: an address, a model, a file'

export const accepted = {
  [String(/\/+$/)]: named,
  [String(/arctic-embed.*(2\.0|v2|embed2)/)]: named,
  [String(/^(.*-)\d{5}(-of-(\d{5})\.gguf(?:[?#].*)?)$/)]: named,
  [String(/^(hf:|https?:\/\/)|[?#].*$|\.gguf$/g)]: named,
  [String(/(\d+(?:\.\d+)?)(ms|[dhms])/g)]: 'only over a text that matches it from end to end',
  [String(/exceeds? [^.\n]{0,60}?context (window|length|limit|size)/i)]:
    'at most 60 characters are looked at from each beginning, in a text of at most 64 KiB',
  [String(/"((?:[^"\\]|\\.)*)"/g)]: 'only over JSON that was just written: each quote is closed',
}
