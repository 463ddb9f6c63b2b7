#!/usr/bin/env python3
"""Writes tests/embeddings/all-minilm.json: texts and the vectors that all-MiniLM-L6-v2 has for them, from `transformers`
in float64 on the weights as their authors keep them: the mean of all tokens' states, of length 1.

Needs (development only): pip install numpy torch transformers tokenizers.
  tools/make_embedding_vectors.py MODEL_DIR OUT.json
MODEL_DIR holds model.safetensors, config.json and tokenizer.json.
"""

import json
import pathlib
import sys

import tokenizers
import torch
import transformers

TEXTS = [
    "Hello", "a", ".", "The quick brown fox jumps over the lazy dog.", "A man is eating food.",
    "A man is eating a piece of bread.", "The girl is carrying a baby.", "Ein Mann isst Brot.", "日本語のテキスト",
    "What is the capital of France?", "Paris is the capital and the largest city of France.", "naïve café résumé",
    "def main():\n    print('hello')", "12345 67890 !!! ???", "word " * 40,
    "Attention of one text sees only itself, while many texts are computed in one step. " * 24,
]
DIGITS = 7


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    torch.set_default_dtype(torch.float64)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    model = transformers.BertModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False)
    model = model.to(torch.float64).eval()
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        with torch.no_grad():
            vector = model(torch.tensor([ids])).last_hidden_state[0].mean(dim=0)
        vector = (vector / vector.norm()).tolist()
        cases.append({"text": text, "tokens": len(ids), "vector": [float(f"{x:.{DIGITS}g}") for x in vector]})
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    out.write_text(f'{{"model":"all-minilm","cases":[\n{lines}\n]}}\n', encoding="utf-8")
    print(len(cases), "texts of", [case["tokens"] for case in cases], "tokens")


if __name__ == "__main__":
    main()
