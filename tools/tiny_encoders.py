"""The tiny encoders of tests/models/encoders: what they are, their random weights, and the answers they must give, from
`transformers` in float64 on the weights read back from the file. Called by make_tiny_models.py.

Every row reads the same texts: one token, a page and its edge, a pair, and more than a chunk of keys. Answers are what
pooling gives, before any normalisation.
"""

import json
import math

import gguf
import numpy as np
import torch
import transformers

import tiny_reference

BASE = {"n_embd": 64, "n_layers": 2, "n_heads": 2, "n_ff": 128, "eps": 1e-12, "context": 320, "storage": "f32",
        "pooling": "MEAN", "types": 2}


def row(name, about, **changes):
    return {**BASE, "name": name, "about": about, **changes}


SPECS = [
    row("bert-mean", "heads of 16, mean of all tokens", n_embd=48, n_heads=3, n_ff=96),
    row("bert-cls-f16", "heads of 32 as in all-minilm, F16, the first token", pooling="CLS", storage="f16"),
    row("bert-last-q8_0", "Q8_0, the last token, one kind of text", pooling="LAST", storage="q8_0", types=1),
    row("cross-encoder", "a classifier of one class behind a dense layer with tanh", pooling="RANK", dense=True,
        storage="f16"),
    row("cross-encoder-classes", "three classes on the first token's state itself", pooling="RANK", n_layers=1,
        labels=["no", "maybe", "yes"]),
]

LENGTHS = [(1, 0), (7, 0), (32, 0), (33, 0), (48, 20), (300, 0)]  # tokens, and where the second text begins

LAYER_NAMES = {
    "attn_q": "attention.self.query", "attn_k": "attention.self.key", "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense", "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense", "ffn_down": "output.dense", "layer_output_norm": "output.LayerNorm",
}
TOP_NAMES = {
    "token_embd.weight": "embeddings.word_embeddings.weight", "position_embd.weight": "embeddings.position_embeddings.weight",
    "token_types.weight": "embeddings.token_type_embeddings.weight", "token_embd_norm.weight": "embeddings.LayerNorm.weight",
    "token_embd_norm.bias": "embeddings.LayerNorm.bias",
}


FRAME = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ("the of to in is are was and or not what who where how when why man woman dog cat bread food city capital france "
         "paris berlin germany eat eats eating piece big small red green blue fast slow hello world yes no").split()


def add_word_pieces(writer, n_vocab):
    """Letters, digits and marks, each also within a word, and a few words: any text is spelled without [UNK]."""
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + [str(d) for d in range(10)]
    marks = list(".,;:!?'\"()-")
    tokens = FRAME + ["\u2581" + w for w in letters + marks + WORDS] + letters
    types = [gguf.TokenType.CONTROL] * len(FRAME) + [gguf.TokenType.NORMAL] * (len(tokens) - len(FRAME))
    while len(tokens) < n_vocab:
        tokens.append(f"\u2581[pad{len(tokens)}]")
        types.append(gguf.TokenType.UNUSED)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("jina-v2-en")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    for name, add in (("[PAD]", writer.add_pad_token_id), ("[UNK]", writer.add_unk_token_id),
                      ("[CLS]", writer.add_bos_token_id), ("[SEP]", writer.add_sep_token_id),
                      ("[MASK]", writer.add_mask_token_id)):
        add(tokens.index(name))


def add_hyper_parameters(writer, spec):
    writer.add_name("tiny")
    writer.add_description("random weights for tests of Inglenook")
    writer.add_context_length(spec["context"])
    writer.add_embedding_length(spec["n_embd"])
    writer.add_block_count(spec["n_layers"])
    writer.add_feed_forward_length(spec["n_ff"])
    writer.add_head_count(spec["n_heads"])
    writer.add_layer_norm_eps(spec["eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType[spec["pooling"]])
    writer.add_token_type_count(spec["types"])
    if "labels" in spec:
        writer.add_classifier_output_labels(spec["labels"])


def make_tensors(spec, n_vocab, rng):
    """Weights large enough that attention is peaked and a wrong position, type or bias moves the answer."""
    n_embd, n_ff = spec["n_embd"], spec["n_ff"]

    def matrix(rows, columns, gain=1.0):
        return (rng.standard_normal((rows, columns)) * gain / math.sqrt(columns)).astype(np.float32)

    def vector(size, gain=0.3):
        return (gain * rng.standard_normal(size)).astype(np.float32)

    def norm(name):
        return {f"{name}.weight": 1.0 + vector(n_embd), f"{name}.bias": vector(n_embd)}

    def linear(name, rows, columns, gain=1.0):
        return {f"{name}.weight": matrix(rows, columns, gain), f"{name}.bias": vector(rows)}

    tensors = {"token_embd.weight": matrix(n_vocab, n_embd, math.sqrt(n_embd)),
               "position_embd.weight": matrix(spec["context"], n_embd, 0.5 * math.sqrt(n_embd)),
               "token_types.weight": matrix(spec["types"], n_embd, 0.7 * math.sqrt(n_embd)), **norm("token_embd_norm")}
    for layer in range(spec["n_layers"]):
        p = f"blk.{layer}."
        for name in ("attn_q", "attn_k"):
            tensors |= linear(p + name, n_embd, n_embd, 2.0)
        tensors |= linear(p + "attn_v", n_embd, n_embd)
        tensors |= linear(p + "attn_output", n_embd, n_embd, 1.5)
        tensors |= norm(p + "attn_output_norm")
        tensors |= linear(p + "ffn_up", n_ff, n_embd)
        tensors |= linear(p + "ffn_down", n_embd, n_ff, 1.5)
        tensors |= norm(p + "layer_output_norm")
    if spec.get("dense"):
        tensors |= linear("cls", n_embd, n_embd)
    if spec["pooling"] == "RANK":
        tensors |= linear("cls.output", len(spec.get("labels", "1")), n_embd, 2.0)
    return tensors


def reference(path, spec, texts):
    tensors = tiny_reference.load_tensors(path)
    config = transformers.BertConfig(
        vocab_size=tensors["token_embd.weight"].shape[0], hidden_size=spec["n_embd"], num_hidden_layers=spec["n_layers"],
        num_attention_heads=spec["n_heads"], intermediate_size=spec["n_ff"], max_position_embeddings=spec["context"],
        type_vocab_size=spec["types"], layer_norm_eps=spec["eps"], hidden_act=spec.get("act", "gelu"), attn_implementation="eager")
    model = transformers.BertModel(config, add_pooling_layer=False).to(torch.float64).eval()
    state = {}
    for name, values in tensors.items():
        if name.startswith("blk."):
            _, layer, part, kind = name.split(".")
            state[f"encoder.layer.{layer}.{LAYER_NAMES[part]}.{kind}"] = values
        elif name in TOP_NAMES:
            state[TOP_NAMES[name]] = values
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or [name for name in missing if "position_ids" not in name]:
        raise SystemExit(f"{path}: weights do not fit the model: missing {missing}, unexpected {unexpected}")
    return [pooled(model, tensors, spec, text) for text in texts]


def pooled(model, tensors, spec, text):
    tokens, second = text["tokens"], text["second_from"]
    types = [int(second > 0 and spec["types"] > 1 and i >= second) for i in range(len(tokens))]
    with torch.no_grad():
        states = model(torch.tensor([tokens]), token_type_ids=torch.tensor([types])).last_hidden_state[0]
    if spec["pooling"] == "MEAN":
        return states.mean(dim=0).numpy()
    state = states[-1] if spec["pooling"] == "LAST" else states[0]
    if spec["pooling"] != "RANK":
        return state.numpy()
    if spec.get("dense"):
        state = torch.tanh(tensors["cls.weight"] @ state + tensors["cls.bias"])
    return (tensors["cls.output.weight"] @ state + tensors["cls.output.bias"]).numpy()


def mutations(spec):
    """Mistakes that the answers must notice; how far each moves them is printed."""
    yield "texts of one kind", spec, [{"second_from": 0}]
    yield "the tanh form of GELU", {**spec, "act": "gelu_new"}, [{}]
    yield "another epsilon", {**spec, "eps": 1e-2}, [{}]


def make(folder, spec, seed, n_vocab):
    path = folder / f"{spec['name']}.gguf"
    rng = np.random.default_rng(2000 + seed)
    writer = gguf.GGUFWriter(str(path), "bert")
    add_hyper_parameters(writer, spec)
    add_word_pieces(writer, n_vocab)
    for name, values in make_tensors(spec, n_vocab, rng).items():
        if values.ndim == 1 or spec["storage"] == "f32" or name.startswith(("position", "token_types")):
            writer.add_tensor(name, values)
        else:
            kind = gguf.GGMLQuantizationType[spec["storage"].upper()]
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    texts = [{"tokens": rng.integers(3, 256, n).tolist(), "second_from": second} for n, second in LENGTHS]
    answers = reference(path, spec, texts)
    for change, variant, edits in mutations(spec):
        moved = reference(path, variant, [{**text, **edits[0]} for text in texts])
        print(f"  {change}: moves the answers by", [f"{np.abs(a - b).max():.2g}" for a, b in zip(answers, moved)])
    print(spec["name"], path.stat().st_size, "std", f"{np.concatenate(answers).std():.3g}", flush=True)
    report = {"file": path.name, "context": spec["context"], "about": spec["about"],
              "texts": [{**text, "answer": [float(f"{x:.7g}") for x in answer]} for text, answer in zip(texts, answers)]}
    path.with_suffix(".json").write_text(json.dumps(report, separators=(",", ":")) + "\n")
