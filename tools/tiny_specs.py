"""The tiny models of tests/models/tiny: one row a model, what it exercises in `about`. Read by make_tiny_models.py."""

# `context` is what the file declares, `run_context` what the program that checks it should open: for longrope the second
# decides between the short and the long factors.
BASE = {
    "n_embd": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "head_dim": 16, "n_ff": 64, "eps": 1e-5,
    "rope_base": 10000.0, "context": 256, "run_context": 256, "tied": False, "tokenizer": "spm",
}


def row(name, arch, about, **changes):
    spec = {**BASE, "name": name, "arch": arch, "about": about, **changes}
    spec.setdefault("n_rot", spec["head_dim"])
    return spec


SPECS = [
    row("llama2", "llama", "Llama 2: as many KV heads as heads, untied output, SentencePiece",
        n_embd=48, n_heads=3, n_kv_heads=3, n_ff=48),
    row("llama3-rope-factors", "llama", "Llama 3.2: tied output, llama3 rope scaling as the tensor rope_freqs",
        tied=True, tokenizer="llama-bpe", rope_base=500000.0, scaling="llama3", scaling_factor=8.0, low_freq_factor=1.0,
        high_freq_factor=4.0, original_context=256, context=2048),
    row("llama-linear-head-dim", "llama", "linear rope scaling; head size is not n_embd / n_heads (as in Mistral Nemo)",
        head_dim=32, scaling="linear", scaling_factor=4.0, storage="f16"),
    row("mistral-window", "llama", "Mistral 7B v0.1: every layer sees the last 8 positions only", window=8,
        storage="f16", peer_differs=True),
    row("phi3", "phi3", "Phi-3-mini-4k: fused QKV and gate-up, no window", storage="f16"),
    row("phi3-window", "phi3", "Phi-3-mini-4k's sliding window in every layer", window=8, storage="f16", peer_differs=True),
    row("phi3-longrope-short", "phi3", "Phi-4-mini: partial rotary, tied, longrope within the original context (short factors)",
        head_dim=32, n_heads=2, n_kv_heads=1, n_rot=24, tied=True, tokenizer="gpt-2", scaling="longrope",
        original_context=256, context=2048, run_context=256),
    row("phi3-longrope-long", "phi3", "Phi-3.5-mini: longrope beyond the original context (long factors)",
        scaling="longrope", original_context=16, context=512, run_context=512, storage="f16"),
    row("qwen2", "qwen2", "Qwen2.5: biases on Q, K, V; tied output", tied=True, tokenizer="qwen2", rope_base=1e6, eps=1e-6),
    row("qwen2-yarn", "qwen2", "Qwen2.5 with YaRN, untied", tokenizer="qwen2", scaling="yarn", scaling_factor=4.0,
        original_context=32, context=128, storage="bf16"),
    row("qwen3", "qwen3", "Qwen3: norm on each head of Q and K, head size is not n_embd / n_heads",
        head_dim=32, n_embd=48, n_heads=2, n_kv_heads=1, n_ff=48, tied=True, tokenizer="qwen2", rope_base=1e6, eps=1e-6),
    row("qwen3-q8_0", "qwen3", "the same idea with Q8_0 weights and an untied output",
        head_dim=32, n_ff=96, n_layers=3, tokenizer="qwen2", rope_base=1e6, eps=1e-6, storage="q8_0"),
    row("gemma3", "gemma3", "Gemma 3: layers 0-4 local (window 8, base 10000), 5 global, 6 local; four norms, embedding scale",
        n_layers=7, n_embd=32, n_heads=2, n_kv_heads=1, head_dim=32, n_ff=64, tied=True, rope_base=1e6, window=8, eps=1e-6,
        storage="f16"),
    row("gemma3-linear", "gemma3", "Gemma 3 4B: linear rope scaling in global layers only; softcap on the logits",
        n_layers=7, head_dim=32, n_ff=32, tied=True, rope_base=1e6, rope_base_swa=20000.0, window=8, eps=1e-6, scaling="linear",
        scaling_factor=8.0, softcap=5.0, storage="q8_0"),
    row("llama-old-formats", "llama", "F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL and MXFP4 side by side", n_embd=128, n_ff=96,
        head_dim=32, n_layers=3, formats={
            "token_embd": "q5_1", "^output.weight": "q8_0", "blk.0.attn_q": "q4_0", "blk.0.attn_k": "q4_1",
            "blk.0.attn_v": "q5_0", "blk.0.attn_output": "q5_1", "blk.0.ffn_gate": "iq4_nl", "blk.0.ffn_up": "mxfp4",
            "blk.0.ffn_down": "bf16", "blk.1.attn_output": "f16", "blk.1.attn": "q5_0", "blk.1.ffn": "q4_0", "blk.2.attn": "iq4_nl", "blk.2.ffn": "mxfp4"}),
    row("llama-k-quants", "llama", "Q2_K to Q6_K side by side", n_embd=256, n_ff=256, head_dim=64, n_layers=1,
        tied=True, formats={
            "token_embd": "q6_k", "attn_q": "q2_k", "attn_k": "q3_k", "attn_v": "q6_k", "attn_output": "q5_k",
            "ffn_gate": "q4_k", "ffn_up": "q3_k", "ffn_down": "q4_k"}),
]
