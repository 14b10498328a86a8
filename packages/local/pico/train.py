"""Trains a chat model of about 1M parameters (Llama architecture) with numpy alone, and writes it as GGUF (F32 and Q8_0).
usage: python3 train.py STEPS OUT_PREFIX [check | F32_GGUF_TO_GO_ON_FROM]
The same steps with the same file to go on from give the same weights, bit for bit: see README.md."""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # sums in one order
import sys, time, re, random, struct
import numpy as np
from corpus import conversation

STEPS, OUT = int(sys.argv[1]), sys.argv[2]
D, L, H, FF, CTX, MERGES = 128, 4, 4, 352, 2048, 760
HD = D // H


# ---- byte-level BPE, GPT-2 style
def byte_map():
    bs = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    cs = bs[:]
    n = 0
    for b in range(256):
        if b not in bs:
            bs.append(b)
            cs.append(256 + n)
            n += 1
    return {b: chr(c) for b, c in zip(bs, cs)}


BM = byte_map()
PRE = re.compile(r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")
enc_word = lambda w: tuple(BM[b] for b in w.encode())


def train_bpe():
    r = random.Random(1)
    cnt = {}
    for _ in range(16000):
        for role, text in conversation(r):
            for part in (role + "\n", text, "\n"):
                for w in PRE.findall(part):
                    cnt[w] = cnt.get(w, 0) + 1
    words = {enc_word(w): max(1, int(c**0.5)) for w, c in cnt.items() if not re.fullmatch(r" ?[0-9]+", w)}
    merges = []
    while len(merges) < MERGES:
        pairs = {}
        for w, c in words.items():
            for a in zip(w, w[1:]):
                pairs[a] = pairs.get(a, 0) + c
        if not pairs:
            break
        p = max(pairs, key=lambda k: (pairs[k], k))
        merges.append(p)
        new = {}
        for w, c in words.items():
            o, i = [], 0
            while i < len(w):
                if i + 1 < len(w) and (w[i], w[i + 1]) == p:
                    o.append(w[i] + w[i + 1])
                    i += 2
                else:
                    o.append(w[i])
                    i += 1
            new[tuple(o)] = new.get(tuple(o), 0) + c
        words = new
    return merges


def read_gguf(path):  # -> (metadata, F32 tensors): only what save() below writes
    b = open(path, "rb").read()
    at = 4

    def u(k):
        nonlocal at
        v = struct.unpack_from("<" + k, b, at)[0]
        at += struct.calcsize(k)
        return v

    def text():
        nonlocal at
        n = u("Q")
        v = b[at : at + n].decode()
        at += n
        return v

    def value(t):
        return (
            text()
            if t == 8
            else u({4: "I", 5: "i", 6: "f", 7: "?"}[t])
            if t != 9
            else (lambda k, n: [value(k) for _ in range(n)])(u("I"), u("Q"))
        )

    u("I")
    nt, nk = u("Q"), u("Q")
    kv = {}
    for _ in range(nk):
        k = text()
        kv[k] = value(u("I"))
    info = []
    for _ in range(nt):
        name = text()
        dims = [u("Q") for _ in range(u("I"))]
        u("I")
        info.append((name, dims, u("Q")))
    at += -at % 32
    return kv, {
        n.removesuffix(".weight"): np.frombuffer(b, "<f4", int(np.prod(d)), at + o).reshape(d[::-1]).copy()
        for n, d, o in info
    }


SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
GO_ON = read_gguf(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] != "check" else None
if GO_ON:
    tokens = GO_ON[0]["tokenizer.ggml.tokens"]
    merges = [tuple(m.split(" ")) for m in GO_ON[0]["tokenizer.ggml.merges"]]
else:
    merges = train_bpe()
    tokens = sorted(set(BM.values()), key=lambda c: ord(c))
    tokens += [a + b for a, b in merges]
    tokens = list(dict.fromkeys(tokens)) + SPECIAL
    while len(tokens) % 32:
        tokens.append(f"<|unused{len(tokens)}|>")
merges = [
    m for m in merges if len(set(m[0] + m[1]) & set('"{}[],:')) == 0
]  # a grammar must be able to stop at each JSON sign
RANK = {m: i for i, m in enumerate(merges)}
ID = {t: i for i, t in enumerate(tokens)}
V = len(tokens)
cache = {}


def bpe(w):
    if w in cache:
        return cache[w]
    s = list(enc_word(w))
    while len(s) > 1:
        best = min(range(len(s) - 1), key=lambda i: RANK.get((s[i], s[i + 1]), 1e9))
        if (s[best], s[best + 1]) not in RANK:
            break
        p = (s[best], s[best + 1])
        o, i = [], 0
        while i < len(s):
            if i + 1 < len(s) and (s[i], s[i + 1]) == p:
                o.append(s[i] + s[i + 1])
                i += 2
            else:
                o.append(s[i])
                i += 1
        s = o
    cache[w] = [ID[t] for t in s]
    return cache[w]


text_ids = lambda t: [i for w in PRE.findall(t) for i in bpe(w)]
IS, IE = ID["<|im_start|>"], ID["<|im_end|>"]


def encode(conv):
    ids, mask = [], []
    for role, text in conv:
        head = [IS] + text_ids(role + "\n")
        body = text_ids(text) + [IE]
        tail = text_ids("\n")
        ids += head + body + tail
        mask += [0] * len(head) + [1 if role == "assistant" else 0.03] * len(body) + [0] * len(tail)
    return ids, mask


TEMPLATE = """{%- set first = messages[0] if messages and messages[0]['role'] == 'system' else none -%}
{%- if tools -%}
{{- '<|im_start|>system\\n' -}}
{%- if first -%}{{- first['content'] + '\\n\\n' -}}{%- endif -%}
{{- '<tools>\\n' -}}
{%- for tool in tools -%}{{- tool | tojson -}}{{- '\\n' -}}{%- endfor -%}
{{- '</tools><|im_end|>\\n' -}}
{%- elif first -%}
{{- '<|im_start|>system\\n' + first['content'] + '<|im_end|>\\n' -}}
{%- endif -%}
{%- for message in messages -%}
{%- if not (loop.first and first) -%}
{{- '<|im_start|>' + message['role'] + '\\n' -}}
{%- if message['content'] -%}{{- message['content'] -}}{%- endif -%}
{%- for call in message['tool_calls'] or [] -%}
{%- set f = call['function'] or call -%}
{%- if message['content'] or not loop.first -%}{{- '\\n' -}}{%- endif -%}
{{- '<tool_call>\\n{"name": "' + f['name'] + '", "arguments": ' -}}{%- if f['arguments'] is string -%}{{- f['arguments'] -}}{%- else -%}{{- f['arguments'] | tojson -}}{%- endif -%}{{- '}\\n</tool_call>' -}}
{%- endfor -%}
{{- '<|im_end|>\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"""
# ---- model
rs = np.random.RandomState(7)
f = np.float32
g = lambda o, i, s=1.0: (rs.randn(o, i) * s / np.sqrt(i)).astype(f)
P = {"token_embd": (rs.randn(V, D) * 0.05).astype(f), "output_norm": np.ones(D, f)}
for l in range(L):
    P |= {
        f"blk.{l}.attn_norm": np.ones(D, f),
        f"blk.{l}.ffn_norm": np.ones(D, f),
        f"blk.{l}.attn_q": g(D, D),
        f"blk.{l}.attn_k": g(D, D),
        f"blk.{l}.attn_v": g(D, D),
        f"blk.{l}.attn_output": g(D, D, 0.35),
        f"blk.{l}.ffn_gate": g(FF, D),
        f"blk.{l}.ffn_up": g(FF, D),
        f"blk.{l}.ffn_down": g(D, FF, 0.35),
    }
if GO_ON:
    P = GO_ON[1]
print("vocab", V, "params", sum(p.size for p in P.values()), flush=True)
freq = (10000.0 ** (-np.arange(0, HD, 2) / HD)).astype(f)


def rope_tables(T):
    a = np.arange(T, dtype=f)[:, None] * freq
    return np.cos(a).astype(f), np.sin(a).astype(f)


def rope(x, c, s, sign=1):  # x: B,H,T,HD ; interleaved pairs
    o = np.empty_like(x)
    a, b = x[..., 0::2], x[..., 1::2]
    s = s * sign
    o[..., 0::2] = a * c - b * s
    o[..., 1::2] = a * s + b * c
    return o


EPS = 1e-5


def norm(x, w):
    r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + EPS)
    xh = x * r
    return xh * w, (xh, r)


def norm_b(dy, w, c):
    xh, r = c
    dw = (dy * xh).reshape(-1, D).sum(0)
    dx = dy * w
    return r * (dx - xh * (dx * xh).mean(-1, keepdims=True)), dw


def step(ids, tgt, m, train=True):
    B, T = ids.shape
    c, s = rope_tables(T)
    x = P["token_embd"][ids]
    causal = np.triu(np.full((T, T), -1e9, f), 1)
    S = []
    sp = lambda t: t.reshape(B, T, H, HD).transpose(0, 2, 1, 3)
    un = lambda t: t.transpose(0, 2, 1, 3).reshape(B * T, D)
    for l in range(L):
        W = lambda n: P[f"blk.{l}.{n}"]
        h, nc = norm(x, W("attn_norm"))
        hf = h.reshape(-1, D)
        q, k, v = (sp((hf @ W(n).T).reshape(B, T, D)) for n in ("attn_q", "attn_k", "attn_v"))
        q, k = rope(q, c, s), rope(k, c, s)
        a = q @ k.transpose(0, 1, 3, 2) * f(HD**-0.5) + causal
        a -= a.max(-1, keepdims=True)
        np.exp(a, out=a)
        a /= a.sum(-1, keepdims=True)
        o = un(a @ v)
        x1 = x + (o @ W("attn_output").T).reshape(B, T, D)
        h2, nc2 = norm(x1, W("ffn_norm"))
        h2f = h2.reshape(-1, D)
        gt = h2f @ W("ffn_gate").T
        up = h2f @ W("ffn_up").T
        sg = 1 / (1 + np.exp(-gt))
        act = gt * sg * up
        x2 = x1 + (act @ W("ffn_down").T).reshape(B, T, D)
        S.append((hf, nc, q, k, v, a, o, h2f, nc2, gt, up, sg, act))
        x = x2
    y, ncf = norm(x, P["output_norm"])
    yf = y.reshape(-1, D)
    lg = yf @ P["token_embd"].T
    if not train:
        return lg.reshape(B, T, V)
    lg -= lg.max(-1, keepdims=True)
    e = np.exp(lg)
    pr = e / e.sum(-1, keepdims=True)
    t = tgt.reshape(-1)
    mm = m.reshape(-1)
    n = mm.sum()
    loss = -(np.log(pr[np.arange(t.size), t] + 1e-9) * mm).sum() / n
    d = pr
    d[np.arange(t.size), t] -= 1
    d *= (mm / n)[:, None]
    G = {"token_embd": d.T @ yf}
    dx, G["output_norm"] = norm_b((d @ P["token_embd"]).reshape(B, T, D), P["output_norm"], ncf)
    for l in reversed(range(L)):
        W = lambda n: P[f"blk.{l}.{n}"]
        N = lambda n: f"blk.{l}.{n}"
        hf, nc, q, k, v, a, o, h2f, nc2, gt, up, sg, act = S[l]
        dxf = dx.reshape(-1, D)
        G[N("ffn_down")] = dxf.T @ act
        da = dxf @ W("ffn_down")
        dup = da * gt * sg
        dgt = da * up * (sg * (1 + gt * (1 - sg)))
        G[N("ffn_up")] = dup.T @ h2f
        G[N("ffn_gate")] = dgt.T @ h2f
        dh, G[N("ffn_norm")] = norm_b((dup @ W("ffn_up") + dgt @ W("ffn_gate")).reshape(B, T, D), W("ffn_norm"), nc2)
        dx = dx + dh
        dxf = dx.reshape(-1, D)
        G[N("attn_output")] = dxf.T @ o
        do = sp((dxf @ W("attn_output")).reshape(B, T, D))
        dv = a.transpose(0, 1, 3, 2) @ do
        ds = do @ v.transpose(0, 1, 3, 2)
        ds = a * (ds - (ds * a).sum(-1, keepdims=True)) * f(HD**-0.5)
        dq = rope(ds @ k, c, s, -1)
        dk = rope(ds.transpose(0, 1, 3, 2) @ q, c, s, -1)
        dh = 0
        for n, t_ in (("attn_q", dq), ("attn_k", dk), ("attn_v", dv)):
            tf = un(t_)
            G[N(n)] = tf.T @ hf
            dh = dh + tf @ W(n)
        dh, G[N("attn_norm")] = norm_b(dh.reshape(B, T, D), W("attn_norm"), nc)
        dx = dx + dh
    np.add.at(G["token_embd"], ids.reshape(-1), dx.reshape(-1, D))
    return loss, G


def generate(conv, n=40):
    ids, _ = encode(conv)
    ids += [IS] + text_ids("assistant\n")
    out = []
    for _ in range(n):
        t = int(step(np.array([ids]), None, None, False)[0, -1].argmax())
        if t == IE:
            break
        ids.append(t)
        out.append(tokens[t])
    inv = {v: k for k, v in BM.items()}
    return bytes(inv[c] for t in out for c in t if c in inv).decode("utf8", "replace")


def pack(convs):
    T = max(len(i) for i, _ in convs) - 1
    n = len(convs)
    a = np.zeros((n, T), np.int64)
    t = np.zeros((n, T), np.int64)
    m = np.zeros((n, T), f)
    for j, (i, k) in enumerate(convs):
        a[j, : len(i) - 1] = i[:-1]
        t[j, : len(i) - 1] = i[1:]
        m[j, : len(i) - 1] = k[1:]
    return a, t, m


def batch(r, n):
    return pack([encode(conversation(r)) for _ in range(n)])


def batches(r, budget=4096):
    """Conversations of like length together, about `budget` positions a batch."""
    while True:
        pool = sorted((encode(conversation(r)) for _ in range(700)), key=lambda x: len(x[0]))
        out, cur = [], []
        for c in pool:
            if cur and (len(cur) + 1) * len(c[0]) > budget:
                out.append(cur)
                cur = []
            cur.append(c)
        out.append(cur)
        r.shuffle(out)
        for b in out:
            yield pack(b)


if sys.argv[3:] == ["check"]:  # finite-difference check of the gradients
    P = {k: v.astype(np.float64) for k, v in P.items()}
    f = np.float64
    a, t, m = batch(random.Random(3), 2)
    _, G = step(a, t, m)
    for k in (
        "token_embd",
        "blk.0.attn_q",
        "blk.1.attn_k",
        "blk.2.attn_v",
        "blk.0.attn_norm",
        "blk.3.ffn_gate",
        "blk.1.ffn_down",
        "output_norm",
    ):
        i = np.unravel_index(np.abs(G[k]).argmax(), G[k].shape)
        h = 1e-5
        P[k][i] += h
        l1, _ = step(a, t, m)
        P[k][i] -= 2 * h
        l2, _ = step(a, t, m)
        P[k][i] += h
        print(k, G[k][i], (l1 - l2) / (2 * h))
    sys.exit()


# ---- GGUF
def save(path, q8):
    s = lambda x: struct.pack("<Q", len(x.encode())) + x.encode()
    kv = []
    K = lambda k, t, b: kv.append(s(k) + struct.pack("<I", t) + b)
    arr = lambda t, xs: struct.pack("<IQ", t, len(xs)) + b"".join(xs)
    K("general.architecture", 8, s("llama"))
    K("general.name", 8, s("Pico"))
    K("general.license", 8, s("mit"))
    K("general.file_type", 4, struct.pack("<I", 7 if q8 else 0))
    for k, v in dict(
        context_length=CTX, embedding_length=D, block_count=L, feed_forward_length=FF, vocab_size=V
    ).items():
        K("llama." + k, 4, struct.pack("<I", v))
    K("llama.attention.head_count", 4, struct.pack("<I", H))
    K("llama.attention.head_count_kv", 4, struct.pack("<I", H))
    K("llama.rope.dimension_count", 4, struct.pack("<I", HD))
    K("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", EPS))
    K("llama.rope.freq_base", 6, struct.pack("<f", 10000.0))
    K("tokenizer.ggml.model", 8, s("gpt2"))
    K("tokenizer.ggml.pre", 8, s("gpt-2"))
    K("tokenizer.ggml.tokens", 9, arr(8, [s(t) for t in tokens]))
    K(
        "tokenizer.ggml.token_type",
        9,
        arr(5, [struct.pack("<i", 3 if t in SPECIAL else 5 if t.startswith("<|unused") else 1) for t in tokens]),
    )
    K("tokenizer.ggml.merges", 9, arr(8, [s(a + " " + b) for a, b in merges]))
    K("tokenizer.ggml.bos_token_id", 4, struct.pack("<I", ID["<|endoftext|>"]))
    K("tokenizer.ggml.eos_token_id", 4, struct.pack("<I", IE))
    K("tokenizer.ggml.add_bos_token", 7, b"\0")
    K("tokenizer.chat_template", 8, s(TEMPLATE))
    info, data, off = [], [], 0
    for n, p in P.items():
        quant = q8 and p.ndim == 2
        if quant:
            b = p.reshape(-1, 32)
            d = np.abs(b).max(1) / 127
            q = np.round(b / np.where(d == 0, 1, d)[:, None]).astype(np.int8)
            rec = np.zeros(len(b), dtype=[("d", "<f2"), ("q", "i1", 32)])
            rec["d"] = d
            rec["q"] = q
            raw = rec.tobytes()
        else:
            raw = p.astype("<f4").tobytes()
        dims = p.shape[::-1]
        info.append(
            s(n + ".weight")
            + struct.pack("<I", len(dims))
            + b"".join(struct.pack("<Q", x) for x in dims)
            + struct.pack("<IQ", 8 if quant else 0, off)
        )
        raw += b"\0" * (-len(raw) % 32)
        data.append(raw)
        off += len(raw)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(info), len(kv)) + b"".join(kv) + b"".join(info)
    head += b"\0" * (-len(head) % 32)
    open(path, "wb").write(head + b"".join(data))


# ---- AdamW
M = {k: np.zeros_like(v) for k, v in P.items()}
Vv = {k: np.zeros_like(v) for k, v in P.items()}
r = random.Random(11)
feed = batches(r)
t0 = time.time()
i = 0
seen = 0
avg = None
ASK = ["What is the capital of France?", "What is 3 + 4?", "Repeat: moon bread tiger", "Who are you?"]
from corpus import tools_text

WEATHER = tools_text(
    None,
    [
        {
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "Get the weather of a city",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
            },
        }
    ],
)
while i < STEPS:
    el = time.time() - t0
    frac = i / STEPS
    lr = (1.2e-3 if GO_ON else 3e-3) * min(1, (i + 1) / 60) * max(0.03, (1 - frac) ** 1.0)
    a, t, m = next(feed)
    loss, G = step(a, t, m)
    gn = np.sqrt(sum((x * x).sum() for x in G.values()))
    sc = min(1, 1 / (gn + 1e-6))
    i += 1
    seen += a.size
    for k in P:
        x = G[k] * sc
        M[k] = 0.9 * M[k] + 0.1 * x
        Vv[k] = 0.98 * Vv[k] + 0.02 * x * x
        P[k] = (
            P[k]
            - lr
            * (M[k] / (1 - 0.9**i) / (np.sqrt(Vv[k] / (1 - 0.98**i)) + 1e-8) + (0.02 * P[k] if P[k].ndim == 2 else 0))
        ).astype(np.float32)
    avg = loss if avg is None else 0.95 * avg + 0.05 * loss
    if i % 100 == 0:
        print(
            i,
            f"{el:.0f}s",
            f"loss {avg:.3f}",
            f"{seen / el:.0f} tok/s",
            "|".join(generate([("user", q)], 16) for q in ASK)
            + "|"
            + generate([("system", WEATHER), ("user", "What is the weather in Lima?")], 40)
            if i % 300 == 0
            else "",
            flush=True,
        )
    if i % 600 == 0:
        save(OUT + "-f32.gguf", False)
        save(OUT + "-q8_0.gguf", True)
save(OUT + "-f32.gguf", False)
save(OUT + "-q8_0.gguf", True)
if STEPS < 100:
    sys.exit()  # nothing to examine yet
ok = 0
rr = random.Random(99)
bad = []
tk = [0, 0]
for _ in range(300):
    c = conversation(rr)
    a = generate(c[:-1], 60)
    ok += a == c[-1][1]
    if any(x[0] == "tool" for x in c):
        k = [i for i, x in enumerate(c) if x[0] == "tool"][-1] - 1
        b = generate(c[:k], 60)
        tk[b == c[k][1]] += 1
    if a != c[-1][1] and len(bad) < 12:
        bad.append((c[-2][1], c[-1][1], a))
print("exact", ok, "of 300; tool calls exact", tk[1], "of", sum(tk))
[print(b) for b in bad]
