#!/usr/bin/env python3
"""Writes the tiny random-weight models of tests/models/tiny and the logits that they must give, and the tiny encoders of
tests/models/encoders beside them with their answers (tools/tiny_encoders.py).

One small GGUF for each thing that an architecture does differently (rope factors, windows, fused tensors, norms) and
for each number format, with the logits of an independent implementation: `transformers` in float64 on the weights read
back from the file (tools/tiny_reference.py). With --peer, a second implementation is asked too and must agree.

Needs (development only, nothing of it is part of the product): pip install numpy gguf torch transformers.
  tools/make_tiny_models.py tests/models --quantize LLAMA_QUANTIZE [--peer PROGRAM] [--only NAME]
LLAMA_QUANTIZE is llama.cpp's llama-quantize (only it writes K-quants). PROGRAM is run as `PROGRAM MODEL --exact --ctx N`,
reads {"tokens": [..], "positions": [..]} and answers {"logits": {"position": [..]}} from F32 weights, activations and KV.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys

import gguf
import numpy as np

import tiny_encoders
import tiny_reference
from tiny_specs import SPECS

POSITIONS = [0, 7, 8, 20, 47]
N_TOKENS = 48
N_VOCAB_WORDS = 288


def byte_alphabet():
    """GPT-2's printable stand-ins for the 256 bytes (Radford et al. 2019, encoder.py)."""
    visible = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {}, 0
    for byte in range(256):
        if byte in visible:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(256 + extra)
            extra += 1
    return table


def add_byte_bpe(writer, pre):
    alphabet = byte_alphabet()
    tokens = [alphabet[byte] for byte in range(256)]
    merges = []
    for pair in ["t h", "i n", "a n", "th e", "e r", "o n", "Ġ the", "in g", "Ġ an", "an d", "Ġ in", "o u", "r e", "e s"]:
        merges.append(pair)
        tokens.append(pair.replace(" ", ""))
    tokens += ["<|end|>", "<|start|>"]
    types = [gguf.TokenType.NORMAL] * (len(tokens) - 2) + [gguf.TokenType.CONTROL] * 2
    pad_vocabulary(tokens, types)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokens.index("<|end|>"))
    writer.add_bos_token_id(tokens.index("<|start|>"))
    writer.add_add_bos_token(pre == "llama-bpe")


def add_sentencepiece(writer):
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    types = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL] + [gguf.TokenType.BYTE] * 256
    pieces = ["▁", "t", "h", "e", "i", "n", "a", "o", "th", "the", "▁the", "in", "an", "▁a", "on", "▁in", "▁i", "▁o", "▁t"]
    scores = [0.0] * len(tokens) + [-float(rank + 1) for rank in range(len(pieces))]
    tokens += pieces
    types += [gguf.TokenType.NORMAL] * len(pieces)
    pad_vocabulary(tokens, types)
    scores += [-1000.0] * (len(tokens) - len(scores))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)


def pad_vocabulary(tokens, types):
    while len(tokens) < N_VOCAB_WORDS:
        tokens.append(f"[pad{len(tokens)}]")
        types.append(gguf.TokenType.UNUSED)


def add_hyper_parameters(writer, spec):
    arch = spec["arch"]
    writer.add_name("tiny")  # llama.cpp changes its tokenizer for names that contain "phi3"
    writer.add_description("random weights for tests of Inglenook")
    writer.add_context_length(spec["context"])
    writer.add_embedding_length(spec["n_embd"])
    writer.add_block_count(spec["n_layers"])
    writer.add_feed_forward_length(spec["n_ff"])
    writer.add_head_count(spec["n_heads"])
    writer.add_head_count_kv(spec["n_kv_heads"])
    writer.add_layer_norm_rms_eps(spec["eps"])
    writer.add_rope_freq_base(spec["rope_base"])
    if spec["head_dim"] * spec["n_heads"] != spec["n_embd"]:
        writer.add_key_length(spec["head_dim"])
        writer.add_value_length(spec["head_dim"])
    writer.add_rope_dimension_count(spec["n_rot"])
    if spec.get("window"):
        writer.add_sliding_window(spec["window"])
    if spec.get("softcap"):
        writer.add_final_logit_softcapping(spec["softcap"])
    if "rope_base_swa" in spec:
        writer.add_float32(f"{arch}.rope.freq_base_swa", spec["rope_base_swa"])
    scaling = spec.get("scaling")
    if scaling in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling))
        writer.add_rope_scaling_factor(spec["scaling_factor"])
    if scaling in ("yarn", "longrope"):
        writer.add_rope_scaling_orig_ctx_len(spec["original_context"])
    if scaling == "longrope":
        writer.add_rope_scaling_attn_factors(longrope_attention_factor(spec))


def longrope_attention_factor(spec):
    ratio = spec["context"] / spec["original_context"]
    return math.sqrt(1 + math.log(ratio) / math.log(spec["original_context"])) if ratio > 1 else 1.0


def llama3_factors(spec):
    """Llama 3.1's rope scaling as the divisors that a GGUF carries (Dubey et al. 2024; meta-llama/llama-models, model.py)."""
    low_wavelength = spec["original_context"] / spec["low_freq_factor"]
    high_wavelength = spec["original_context"] / spec["high_freq_factor"]
    factors = []
    for i in range(0, spec["head_dim"], 2):
        wavelength = 2 * math.pi * spec["rope_base"] ** (i / spec["head_dim"])
        if wavelength < high_wavelength:
            factors.append(1.0)
        elif wavelength > low_wavelength:
            factors.append(spec["scaling_factor"])
        else:
            span = spec["high_freq_factor"] - spec["low_freq_factor"]
            smooth = (spec["original_context"] / wavelength - spec["low_freq_factor"]) / span
            factors.append(1 / ((1 - smooth) / spec["scaling_factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def make_tensors(spec, rng):
    """Random weights large enough that attention is peaked: a wrong position or window must move every logit."""
    n_embd, n_ff, head_dim = spec["n_embd"], spec["n_ff"], spec["head_dim"]
    q_rows, kv_rows = spec["n_heads"] * head_dim, spec["n_kv_heads"] * head_dim
    fused, gemma = spec["arch"] == "phi3", spec["arch"] == "gemma3"

    def matrix(rows, columns, gain=1.0):
        return (rng.standard_normal((rows, columns)) * gain / math.sqrt(columns)).astype(np.float32)

    def norm(size):
        return (1.0 + 0.3 * rng.standard_normal(size)).astype(np.float32)

    embedding_gain = 1.0 if gemma else 2.5 if spec["tied"] else math.sqrt(n_embd)
    tensors = {"token_embd.weight": matrix(N_VOCAB_WORDS, n_embd, embedding_gain)}
    for layer in range(spec["n_layers"]):
        p = f"blk.{layer}."
        tensors[p + "attn_norm.weight"] = norm(n_embd)
        q, k, v = matrix(q_rows, n_embd, 2.0), matrix(kv_rows, n_embd, 2.0), matrix(kv_rows, n_embd)
        if fused:
            tensors[p + "attn_qkv.weight"] = np.concatenate([q, k, v])
        else:
            tensors[p + "attn_q.weight"], tensors[p + "attn_k.weight"], tensors[p + "attn_v.weight"] = q, k, v
        if spec["arch"] == "qwen2":
            for letter, rows in (("q", q_rows), ("k", kv_rows), ("v", kv_rows)):
                tensors[p + f"attn_{letter}.bias"] = (0.5 * rng.standard_normal(rows)).astype(np.float32)
        if spec["arch"] in ("qwen3", "gemma3"):
            tensors[p + "attn_q_norm.weight"] = 1.5 * norm(head_dim)
            tensors[p + "attn_k_norm.weight"] = 1.5 * norm(head_dim)
        tensors[p + "attn_output.weight"] = matrix(n_embd, q_rows, 1.5)
        if gemma:
            tensors[p + "post_attention_norm.weight"] = norm(n_embd)
            tensors[p + "post_ffw_norm.weight"] = norm(n_embd)
        tensors[p + "ffn_norm.weight"] = norm(n_embd)
        if fused:
            tensors[p + "ffn_up.weight"] = matrix(2 * n_ff, n_embd)
        else:
            tensors[p + "ffn_gate.weight"], tensors[p + "ffn_up.weight"] = matrix(n_ff, n_embd), matrix(n_ff, n_embd)
        tensors[p + "ffn_down.weight"] = matrix(n_embd, n_ff)
    tensors["output_norm.weight"] = norm(n_embd)
    if not spec["tied"]:
        tensors["output.weight"] = matrix(N_VOCAB_WORDS, n_embd, 2.0)
    if spec.get("scaling") == "llama3":
        tensors["rope_freqs.weight"] = llama3_factors(spec)
    if spec.get("scaling") == "longrope":
        steps = np.arange(spec["n_rot"] // 2, dtype=np.float32)
        tensors["rope_factors_short.weight"] = (1.0 + 0.05 * steps).astype(np.float32)
        tensors["rope_factors_long.weight"] = (1.0 + 0.9 * steps).astype(np.float32)
    return tensors


def write_gguf(path, spec, seed):
    writer = gguf.GGUFWriter(str(path), spec["arch"])
    add_hyper_parameters(writer, spec)
    if spec["tokenizer"] == "spm":
        add_sentencepiece(writer)
    else:
        add_byte_bpe(writer, spec["tokenizer"])
    storage = spec.get("storage", "f32")
    for name, values in make_tensors(spec, np.random.default_rng(seed)).items():
        if values.ndim == 1 or storage == "f32":
            writer.add_tensor(name, values)
        else:
            kind = gguf.GGMLQuantizationType[storage.upper()]
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def requantize(path, spec, quantize):
    """Rewrites the file with one number format a tensor, as spec['formats'] says (the first pattern that matches wins)."""
    wide = path.with_suffix(".f32")
    path.rename(wide)
    command = [quantize, "--pure"]
    for pattern, kind in spec["formats"].items():
        command += ["--tensor-type", f"{pattern}={kind}"]
    result = subprocess.run(command + [str(wide), str(path), "Q8_0", "1"], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{quantize} failed on {wide}: {result.stderr[-800:]}")
    wide.unlink()


def ask_peer(arguments, path, spec, tokens):
    """The peer's logits from an F32 copy of the file: with any other weights it would round the activations too."""
    wide = path.with_suffix(".f32")
    subprocess.run([arguments.quantize, "--allow-requantize", str(path), str(wide), "F32", "1"], capture_output=True, check=True)
    request = json.dumps({"tokens": tokens, "positions": POSITIONS})
    command = [arguments.peer, str(wide), "--exact", "--threads", "1", "--ctx", str(spec["run_context"])]
    answer = json.loads(subprocess.run(command, input=request + "\n", capture_output=True, text=True, check=True).stdout)
    wide.unlink()
    return np.array([answer["logits"][str(position)] for position in POSITIONS])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--quantize", required=True)
    parser.add_argument("--peer")
    parser.add_argument("--only")
    arguments = parser.parse_args()
    for seed, spec in enumerate(SPECS, start=1):
        if arguments.only and arguments.only != spec["name"]:
            continue
        path = arguments.out / "tiny" / f"{spec['name']}.gguf"
        write_gguf(path, spec, seed)
        if "formats" in spec:
            requantize(path, spec, arguments.quantize)
        tokens = np.random.default_rng(1000 + seed).integers(3, 256, N_TOKENS).tolist()
        logits = tiny_reference.logits(path, spec, tokens)[POSITIONS]
        report = {"file": path.name, "context": spec["run_context"], "about": spec["about"], "tokens": tokens}
        if arguments.peer:
            difference = np.abs(ask_peer(arguments, path, spec, tokens) - logits).max()
            if spec.get("peer_differs"):
                print(f"  the peer ignores the window: {difference:.3g}")
            else:
                report["second_opinion_max_abs_diff"] = float(f"{difference:.2g}")
        for change, variant in tiny_reference.mutations(spec):
            moved = np.abs(tiny_reference.logits(path, variant, tokens)[POSITIONS] - logits).max(axis=1)
            print(f"  {change}: moves the logits by {np.array2string(moved, precision=3)}")
        print(spec["name"], path.stat().st_size, "std", f"{logits.std():.3g}", report.get("second_opinion_max_abs_diff"), flush=True)
        report["logits"] = {str(p): [float(f"{x:.7g}") for x in row] for p, row in zip(POSITIONS, logits)}
        path.with_suffix(".json").write_text(json.dumps(report, separators=(",", ":")) + "\n")
    for seed, spec in enumerate(tiny_encoders.SPECS, start=1):
        if arguments.only in (None, spec["name"]):
            tiny_encoders.make(arguments.out / "encoders", spec, seed, N_VOCAB_WORDS)


if __name__ == "__main__":
    main()
