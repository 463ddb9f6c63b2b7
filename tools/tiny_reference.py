"""Logits of a tiny GGUF model from `transformers`: weights dequantized to float64, attention written out (eager).

The hyper-parameters come from the row that made the file (tiny_specs.py), not from its metadata, so that a key that is
read wrongly cannot cancel out.
"""

import gguf
import numpy as np
import torch
import transformers

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

LAYER_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_qkv": "self_attn.qkv_proj", "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    "ffn_norm": "post_attention_layernorm",
}
GEMMA_LAYER_NAMES = {
    **LAYER_NAMES, "post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}


def load_tensors(path):
    tensors = {}
    for tensor in gguf.GGUFReader(str(path)).tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        tensors[tensor.name] = torch.tensor(np.array(values).reshape(tuple(reversed(tensor.shape.tolist()))), dtype=torch.float64)
    return tensors


def undo_interleaving(weight, n_heads):
    """GGUF stores Q and K of `llama` with each rotated pair adjacent; transformers keeps the halves of a head apart."""
    rows, columns = weight.shape
    return weight.reshape(n_heads, rows // n_heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)


def state_dict(tensors, spec):
    names = GEMMA_LAYER_NAMES if spec["arch"] == "gemma3" else LAYER_NAMES
    state = {}
    for name, values in tensors.items():
        if name.startswith("rope_"):
            continue
        if spec["arch"] == "gemma3" and name.endswith("norm.weight"):
            values = values - 1.0  # transformers computes (1 + w), the file carries the sum
        if name.startswith("blk."):
            _, layer, part, kind = name.split(".")
            if spec["arch"] == "llama" and part in ("attn_q", "attn_k"):
                values = undo_interleaving(values, spec["n_heads"] if part == "attn_q" else spec["n_kv_heads"])
            target = "mlp.gate_up_proj" if spec["arch"] == "phi3" and part == "ffn_up" else names[part]
            state[f"model.layers.{layer}.{target}.{kind}"] = values
        else:
            top = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
                   "output.weight": "lm_head.weight"}
            state[top[name]] = values
    state.setdefault("lm_head.weight", state["model.embed_tokens.weight"])
    return state


def rope_parameters(spec, tensors):
    plain = {"rope_type": "default", "rope_theta": spec["rope_base"]}
    scaling = spec.get("scaling")
    if scaling is None:
        return plain
    if scaling == "linear":
        return {**plain, "rope_type": "linear", "factor": spec["scaling_factor"]}
    if scaling == "llama3":
        return {**plain, "rope_type": "llama3", "factor": spec["scaling_factor"], "low_freq_factor": spec["low_freq_factor"],
                "high_freq_factor": spec["high_freq_factor"], "original_max_position_embeddings": spec["original_context"]}
    if scaling == "yarn":
        return {**plain, "rope_type": "yarn", "factor": spec["scaling_factor"],
                "original_max_position_embeddings": spec["original_context"]}
    return {**plain, "rope_type": "longrope", "partial_rotary_factor": spec["n_rot"] / spec["head_dim"],
            "original_max_position_embeddings": spec["original_context"],
            "short_factor": tensors["rope_factors_short.weight"].tolist(),
            "long_factor": tensors["rope_factors_long.weight"].tolist()}


def build(spec, tensors):
    common = dict(
        vocab_size=tensors["token_embd.weight"].shape[0], hidden_size=spec["n_embd"], intermediate_size=spec["n_ff"],
        num_hidden_layers=spec["n_layers"], num_attention_heads=spec["n_heads"], num_key_value_heads=spec["n_kv_heads"],
        rms_norm_eps=spec["eps"], max_position_embeddings=spec["context"], tie_word_embeddings=spec["tied"],
        rope_parameters=rope_parameters(spec, tensors), attn_implementation="eager", pad_token_id=None)
    arch, head_dim = spec["arch"], spec["head_dim"]
    if arch == "llama" and spec.get("window"):
        config = transformers.MistralConfig(**common, head_dim=head_dim, sliding_window=spec["window"])
        return transformers.MistralForCausalLM(config)
    if arch == "llama":
        return transformers.LlamaForCausalLM(transformers.LlamaConfig(**common, head_dim=head_dim))
    if arch == "phi3":
        config = transformers.Phi3Config(**common, sliding_window=spec.get("window"),
                                         original_max_position_embeddings=spec.get("original_context", spec["context"]))
        return transformers.Phi3ForCausalLM(config)
    if arch == "qwen2":
        return transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**common))
    if arch == "qwen3":
        return transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**common, head_dim=head_dim))
    local = {"rope_type": "default", "rope_theta": spec.get("rope_base_swa", 10000.0)}
    common["rope_parameters"] = {"sliding_attention": local, "full_attention": common["rope_parameters"]}
    kinds = ["full_attention" if layer % 6 == 5 else "sliding_attention" for layer in range(spec["n_layers"])]
    config = transformers.Gemma3TextConfig(
        **common, head_dim=head_dim, query_pre_attn_scalar=head_dim, sliding_window=spec["window"], layer_types=kinds,
        final_logit_softcapping=spec.get("softcap"))
    return transformers.Gemma3ForCausalLM(config)


def logits(path, spec, tokens):
    tensors = load_tensors(path)
    model = build(spec, tensors).to(torch.float64).eval()
    missing, unexpected = model.load_state_dict(state_dict(tensors, spec), strict=False)
    if missing or unexpected:
        raise SystemExit(f"{path}: weights do not fit the model: missing {missing}, unexpected {unexpected}")
    with torch.no_grad():
        return model(torch.tensor([tokens]), use_cache=False).logits[0].double().numpy()


def mutations(spec):
    """Mistakes that the vectors must notice; the generator prints how far each moves the logits."""
    if spec.get("window"):
        yield "window + 1", {**spec, "window": spec["window"] + 1}
    if spec.get("scaling") == "linear":
        yield "no scaling", {**spec, "scaling": None}
    if spec.get("scaling") == "yarn":
        yield "no YaRN", {**spec, "scaling": None}
    if spec.get("scaling") == "llama3":
        yield "no rope factors", {**spec, "scaling": None}
    if spec.get("scaling") == "longrope":
        other = spec["context"] if spec["original_context"] < 48 else 16
        yield "the other factors", {**spec, "original_context": other}
    if "rope_base_swa" in spec:
        yield "default local base", {key: value for key, value in spec.items() if key != "rope_base_swa"}
